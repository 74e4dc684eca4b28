"""Sandbox, Zoho Books and Inventory: workflow webhooks: settings, rules, signed deliveries (sheet 8).

A webhook is an action; a workflow rule fires it, or its own `events` do (by switch). Both products fire both.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson

from ..call import Applied, Call, Change
from ..subscriptions import Subscription
from ..webhooks import Delivery

if TYPE_CHECKING:
    from .finance import Finance

__all__ = ["Workflows", "entity_of", "events_of", "signature", "signed_text"]

RETRY_WAITS_S = (5.0, 10.0, 20.0, 40.0, 80.0)
EVENTS = {"create": "created", "update": "edited", "delete": "deleted"}
WORDS = {
    "contact": "contact",
    "item": "item",
    "invoice": "invoice",
    "salesorder": "sales_order",
    "customerpayment": "customer_payment",
    "payment": "customer_payment",
    "purchaseorder": "purchase_order",
    "bill": "bill",
    "vendorpayment": "vendor_payment",
    "expense": "expense",
    "creditnote": "credit_note",
    "project": "project",
    "timesheet": "time_entry",
    "timeentry": "time_entry",
    "journal": "journal",
    "package": "package",
    "shipment": "shipment",
    "shipmentorder": "shipment",
    "customer": "contact",
    "vendor": "contact",
    "task": "task",
}


def signed_text(pairs: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Query and form pairs sorted by key, key then value, no separators; then the raw body."""
    return "".join(name + value for name, value in sorted(pairs)).encode() + body


def signature(secret: str, pairs: Iterable[tuple[str, str]], body: bytes, encoding: str = "base64") -> str:
    digest = hmac.new(secret.encode(), signed_text(pairs, body), hashlib.sha256).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def entity_of(word: str) -> str | None:
    plain = word.strip().casefold().replace("_", "").replace(" ", "")
    return WORDS.get(plain) or WORDS.get(plain.removesuffix("s"))


def events_of(given: Any) -> set[str]:
    """`created`, `edited`, `deleted` out of `created_or_edited`, `invoice.updated` and lists of them."""
    words = given if isinstance(given, list) else str(given or "").split(",")
    found = set()
    for word in (str(each).casefold() for each in words):
        found |= {"created"} if "creat" in word or word.endswith("add") else set()
        found |= {"edited"} if "edit" in word or "updat" in word else set()
        found |= {"deleted"} if "delet" in word else set()
    return found


class Workflows:
    def __init__(self, finance: "Finance") -> None:
        self._finance = finance
        self._organization = finance.organization
        self._world = finance.world
        site = finance.organization.site
        self.system = "zoho_books" if site == "us" else f"zoho_books@{site}"

    def subscribe(self, webhook: dict[str, Any], rules: Sequence[dict[str, Any]]) -> None:
        """One subscription per event that fires this webhook."""
        webhook_id = webhook["webhook_id"]
        for row in self._world.subscriptions.of(self.system):
            if row.data.get("webhook_id") == webhook_id:
                self._world.subscriptions.remove(self.system, row.id)
        wanted: set[tuple[str, str]] = set()
        entity = entity_of(str(webhook.get("entity", "")))
        if entity and self._organization.switch("webhook_events_fire"):
            wanted |= {(entity, event) for event in events_of(webhook.get("events"))}
        for rule in rules:
            named = entity_of(str(rule.get("entity", ""))) or entity
            if named and rule["is_active"] and webhook_id in rule["webhook_ids"]:
                wanted |= {(named, event) for event in events_of(rule.get("trigger"))}
        for named, event in sorted(wanted):
            self._world.subscriptions.put(
                Subscription(
                    id=f"{webhook_id}:{named}.{event}",
                    system=self.system,
                    event=f"{named}.{event}",
                    uri=webhook["url"],
                    secret_kind="secret",  # noqa: S106 - the kind, not a secret
                    secret=webhook.get("secret") or None,
                    data=webhook,
                )
            )

    def deliveries(self, applied: Applied) -> list[Delivery]:
        rows = self._world.subscriptions.of(self.system)
        if not rows:
            return []
        event = f"{applied.kind.name}.{EVENTS.get(applied.op, 'edited')}"
        record = applied.after or applied.before
        chosen = [row for row in rows if row.event == event]
        if not chosen or record is None:
            return []
        body = orjson.dumps({self._finance.payload_key(applied.kind.name): applied.kind.render(dict(record))})
        return [self._delivery(row, event, applied.id, body) for row in chosen]

    def quiet(self, change: Change) -> bool:
        """Whether this change fires nothing."""
        if not isinstance(change, Call):
            return False
        skips = change.headers.get("x-zoho-skip-webhook-trigger", "").lower() == "true"
        asked = skips and self._organization.switch("skip_trigger_header")
        return asked or not self._organization.switch("api_writes_fire")

    def _delivery(self, row: Subscription, event: str, object_id: str, body: bytes) -> Delivery:
        hook = row.data
        extra = _pairs(hook.get("query_parameters"))
        url = urlsplit(row.uri)
        query = url.query + ("&" if url.query and extra else "") + urlencode(extra, quote_via=quote)
        form = _pairs(hook.get("form_data"))
        headers = dict(_pairs(hook.get("headers")))
        content, kind = body, "application/json"
        if "form" in str(hook.get("body_type", "")).casefold():
            form = [*form, ("JSONString", body.decode())]
            content, kind, body = urlencode(form).encode(), "application/x-www-form-urlencoded", b""
        else:
            form = []
        headers["Content-Type"] = kind
        if row.secret:
            pairs = [*parse_qsl(query, keep_blank_values=True), *form]
            encoding = self._organization.choice("signature")
            headers["X-Zoho-Webhook-Signature"] = signature(row.secret, pairs, body, encoding)
        return Delivery(
            system=row.system,
            event=event,
            object_id=object_id,
            uri=urlunsplit((url.scheme, url.netloc, url.path, query, "")),
            headers=headers,
            body=content,
            method=str(hook.get("method") or "POST").upper(),
            retry_waits_s=RETRY_WAITS_S,
        )


def _pairs(given: Any) -> list[tuple[str, str]]:
    rows = given if isinstance(given, list) else []
    return [
        (str(each["param_name"]), str(each.get("param_value", "")))
        for each in rows
        if isinstance(each, dict) and each.get("param_name")
    ]
