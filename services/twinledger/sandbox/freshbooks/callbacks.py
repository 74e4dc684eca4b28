"""FreshBooks callbacks: registration, verification handshake, signed deliveries with ids only. Sheet 6."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ..call import Call, Reply, json_reply
from ..plugin import Route
from ..subscriptions import Subscription
from ..webhooks import Delivery
from .errors import events_refusal
from .listing import includes_of, read_paging
from .wire import iso_z, utc_bare

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["EVENT_SCOPES", "Callbacks", "sign"]

BASE = "/events/account/{account_id}/events/callbacks"
SYSTEM = "freshbooks"
EVENT_SCOPES = {
    "bill": "bills",
    "bill_vendor": "bill_vendors",
    "category": "expenses",
    "client": "clients",
    "credit_note": "credit_notes",
    "estimate": "estimates",
    "expense": "expenses",
    "invoice": "invoices",
    "item": "billable_items",
    "payment": "payments",
    "project": "projects",
    "recurring": "invoices",
    "service": "billable_items",
    "tax": "taxes",
    "time_entry": "time_entries",
}
VERBS = ("create", "update", "delete", "sendByEmail")
MAILED = {"estimate", "invoice"}
RETRY_WAITS_S = (10.0, 60.0, 300.0, 900.0, 3600.0)
SCHEMA = {
    "type": "object",
    "properties": {
        "callback": {"type": "object", "properties": {"event": {}, "uri": {}, "verifier": {}, "resend": {}}}
    },
}
GONE = "Requested resource could not be found."


def sign(verifier: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Base64 HMAC-SHA256 over the JSON text of the form, in the order sent, Python's default separators."""
    message = json.dumps(dict(pairs))
    return base64.b64encode(hmac.new(verifier.encode(), message.encode(), hashlib.sha256).digest()).decode()


class Callbacks:
    def __init__(self, vendor: "FreshBooks") -> None:
        self._vendor = vendor
        self._world = vendor.world
        self._world.webhooks.listeners.append(self._note_outcome)

    def routes(self) -> list[Route]:
        one, host = BASE + "/{id}", "freshbooks.api"
        return [
            Route("GET", BASE, self.list_page, host, "list callbacks", "6", query=("page", "per_page")),
            Route("POST", BASE, self.post, host, "register a callback", "6", body=SCHEMA),
            Route("GET", one, self.get, host, "get a callback", "6"),
            Route(
                "PUT",
                one,
                self.put,
                host,
                "verify, resend, change",
                "6",
                secrets=True,
                body=SCHEMA,
            ),
            Route("DELETE", one, self.delete, host, "remove a callback", "6"),
        ]

    def list_page(self, call: Call) -> Reply:
        paging = read_paging(call, 15)
        wanted = call.arg("search[event]")
        rows = sorted(self._world.subscriptions.of(SYSTEM), key=lambda row: -int(row.id))
        if wanted:
            rows = [row for row in rows if wanted in (row.event, row.event.partition(".")[0])]
        shown = [self._view(row) for row in rows[paging.offset : paging.offset + paging.per_page]]
        return json_reply({"response": {"result": {"callbacks": shown, **paging.counts(len(rows))}}})

    def get(self, call: Call) -> Reply:
        includes_of(call)
        return self._answer(self._require(call))

    def post(self, call: Call) -> Reply:
        event, uri = self._checked(call, self._body(call), None)
        number = str(self._world.counters.next("freshbooks.callback", 2_041))
        verifier = self._world.random.token("freshbooks.verifier", 32)
        stamp = {"updated_at": self._world.clock.now()}
        row = Subscription(number, SYSTEM, event, uri, "verifier", verifier, verified=False, data=stamp)
        self._world.subscriptions.put(row)
        call.touched.append({"object": "callback", "id": number, "op": "create"})
        self._send_verification(row)
        return self._answer(row)

    def put(self, call: Call) -> Reply:
        row, body = self._require(call), self._body(call)
        row.data["updated_at"] = self._world.clock.now()
        if "verifier" in body:
            if not isinstance(body["verifier"], str) or not hmac.compare_digest(
                body["verifier"].encode(), str(row.secret).encode()
            ):
                raise events_refusal(
                    422, "Invalid data in this request.", ["verifier: Value error, Invalid verifier."]
                )
            row.verified, row.data["dropped"] = True, 0
        elif body.get("resend") is True:
            if self._world.switches.on("freshbooks.resend_makes_new_code"):
                row.secret = self._world.random.token("freshbooks.verifier", 32)
            self._send_verification(row)
        else:
            event, uri = self._checked(call, body, row)
            if uri != row.uri:
                row.verified = False
            row.event, row.uri = event, uri
        call.touched.append({"object": "callback", "id": row.id, "op": "update"})
        return self._answer(row)

    def delete(self, call: Call) -> Reply:
        row = self._require(call)
        self._world.subscriptions.remove(SYSTEM, row.id)
        call.touched.append({"object": "callback", "id": row.id, "op": "delete"})
        return Reply(204)

    def _body(self, call: Call) -> dict[str, Any]:
        given = call.json()
        body = given.get("callback") if isinstance(given, dict) else None
        return body if isinstance(body, dict) else {}

    def _checked(self, call: Call, body: dict[str, Any], row: Subscription | None) -> tuple[str, str]:
        event = body.get("event", row.event if row else None)
        uri = body.get("uri", row.uri if row else None)
        details = []
        noun, _, verb = str(event).partition(".")
        known = (
            noun in EVENT_SCOPES and (not verb or verb in VERBS) and (verb != "sendByEmail" or noun in MAILED)
        )
        if event is None:
            details.append("event: Field required")
        elif not known:
            details.append("event: Value error, Unrecognized event.")
        if uri is None:
            details.append("uri: Field required")
        elif (
            not isinstance(uri, str)
            or urlsplit(uri).scheme not in {"http", "https"}
            or not urlsplit(uri).netloc
        ):
            details.append("uri: Input should be a valid URL, relative URL without a base")
        if details:
            raise events_refusal(422, "The request was well-formed but had semantic errors.", details)
        if call.grant is not None and f"user:{EVENT_SCOPES[noun]}:read" not in call.grant.scopes:
            raise events_refusal(403, "The token does not have the scope this action requires.")
        return str(event), str(uri)

    def _require(self, call: Call) -> Subscription:
        row = self._world.subscriptions.get(SYSTEM, call.params["id"])
        if row is None:
            raise events_refusal(404, GONE)
        return row

    def _view(self, row: Subscription) -> dict[str, Any]:
        key = "id" if self._world.switches.on("freshbooks.callback_id_key") else "callbackid"
        view: dict[str, Any] = {
            key: int(row.id),
            "event": row.event,
            "uri": row.uri,
            "verified": row.verified,
        }
        shown = utc_bare if self._world.switches.get("freshbooks.events_time") == "sql" else iso_z
        return view | {"updated_at": shown(row.data["updated_at"])}

    def _answer(self, row: Subscription) -> Reply:
        return json_reply({"response": {"result": {"callback": self._view(row)}}})

    # -- deliveries

    def _send_verification(self, row: Subscription) -> None:
        pairs = [("name", "callback.verify"), ("object_id", row.id), ("verifier", str(row.secret))]
        pairs.append(("account_id", self._vendor.account_id))
        signed = self._world.switches.on("freshbooks.handshake_signed")
        self._world.webhooks.submit(
            self._delivery(row, "callback.verify", row.id, pairs, signed=signed, fifo=True)
        )

    def deliveries(self, noun: str, verbs: Sequence[str], object_id: str) -> list[Delivery]:
        """One per verified callback whose event is the noun or one of its verbs."""
        found = []
        for row in self._world.subscriptions.of(SYSTEM):
            for verb in verbs:
                name = f"{noun}.{verb}"
                if row.verified and row.event in (noun, name):
                    found.append(
                        self._delivery(row, name, object_id, self._pairs(name, object_id), signed=True)
                    )
        return found

    def _note_outcome(self, delivery: Delivery, delivered: bool) -> None:
        """A uri that only fails is disabled until its verification is sent again."""
        cap = int(self._world.switches.get("freshbooks.callback_disabled_after"))
        if delivery.system != SYSTEM or delivery.fifo or not cap:
            return
        for row in self._world.subscriptions.of(SYSTEM):
            if row.uri == delivery.uri:
                row.data["dropped"] = 0 if delivered else row.data.get("dropped", 0) + 1
                row.verified = row.verified and row.data["dropped"] < cap

    def _pairs(self, name: str, object_id: str) -> list[tuple[str, str]]:
        return [
            ("name", name),
            ("object_id", object_id),
            ("account_id", self._vendor.account_id),
            ("business_id", str(self._vendor.business_id)),
            ("identity_id", str(self._vendor.identity_id)),
            ("user_id", "1"),
        ]

    def _delivery(
        self,
        row: Subscription,
        name: str,
        object_id: str,
        pairs: list[tuple[str, str]],
        *,
        signed: bool,
        fifo: bool = False,
    ) -> Delivery:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if signed:
            headers["X-FreshBooks-Hmac-SHA256"] = sign(str(row.secret), pairs)
        retries = int(self._world.switches.get("freshbooks.callback_retries"))
        return Delivery(
            SYSTEM,
            name,
            object_id,
            row.uri,
            headers,
            urlencode(pairs).encode(),
            timeout_s=10.0,
            retry_waits_s=RETRY_WAITS_S[: max(0, retries)],
            fifo=fifo,
        )
