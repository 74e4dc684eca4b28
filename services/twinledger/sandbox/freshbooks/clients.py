"""FreshBooks clients. Sheet 3.2."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from ..call import Act, Change
from ..indexes import Index, Keyed, Ordered, Text
from ..plugin import ActOperation
from ..store import Equal, Filter, Page
from .errors import Detail, accounting_refusal
from .fields import Field
from .listing import SearchKey, days, flag, like, number, text
from .merging import move_papers
from .resource import Record, Resource
from .vis_state import DELETED
from .wire import eastern, money, utc_bare

__all__ = ["Clients"]

ADDRESS = ("street", "street2", "city", "province", "code", "country")
PHONES = ("bus_phone", "mob_phone", "home_phone")
LIKE: Mapping[str, tuple[str, ...]] = {
    "email_like": ("email",),
    "fname_like": ("fname",),
    "lname_like": ("lname",),
    "organization_like": ("organization",),
    "note_like": ("note",),
    "phone_like": PHONES,
    "address_like": tuple(f"p_{each}" for each in ADDRESS),
    "user_like": (
        *("email", "fname", "lname", "organization", *PHONES, "note", "username"),
        *(f"p_{each}" for each in ADDRESS),
    ),
}
NAMES = ("email", "organization", "fname", "lname")
BALANCES = (
    "outstanding_balance",
    "credit_balance",
    "draft_balance",
    "overdue_balance",
    "grand_total_balance",
)


class Clients(Resource):
    name, plural, path, scope, sheet = "client", "clients", "users/clients", "clients", "3.2"
    id_keys = ("id", "userid")
    first_id = 24_001
    plain_view = False
    fields: Mapping[str, Field] = {
        "organization": Field(max_length=255),
        "fname": Field(max_length=255),
        "lname": Field(max_length=255),
        "email": Field(max_length=255),
        "username": Field(default=None),
        "bus_phone": Field(),
        "mob_phone": Field(),
        "home_phone": Field(default=None),
        "fax": Field(),
        "note": Field(default=None),
        "language": Field(default="en"),
        "currency_code": Field(default=None, max_length=3),
        "company_industry": Field(default=None),
        "company_size": Field(default=None),
        "vat_name": Field(default=None),
        "vat_number": Field(default=None),
        **{f"{side}_{part}": Field() for side in "ps" for part in ADDRESS},
        "allow_late_fees": Field("bool", True),
        "allow_late_notifications": Field("bool", True),
        "allow_email_include_pdf": Field("bool", False),
        "pref_email": Field("bool", True),
        "pref_gmail": Field("bool", False),
        "contacts": Field("any", None),
    }
    sorts: Mapping[str, str] = {
        "client_id": "id",
        "organization_name": "organization",
        "email": "email_order",
        "bus_phone": "bus_phone",
        "updated": "updated",
        "fullname": "fullname",
        "primarycontact": "fullname",
    }

    def indexes(self) -> Sequence[Index]:
        def living(record: Record) -> bool:
            return not self.is_deleted(record)

        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("email", lambda record: (str(record["email"]).casefold(),)),
            Keyed("username", lambda record: (record["username"],)),
            Ordered("organization", lambda record: str(record["organization"]).casefold(), living),
            Ordered("email_order", lambda record: str(record["email"]).casefold(), living),
            Ordered("bus_phone", lambda record: record["bus_phone"], living),
            Ordered("fullname", lambda record: f"{record['fname']} {record['lname']}".casefold(), living),
            *(Text(name, partial(_joined, parts)) for name, parts in LIKE.items()),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "email": SearchKey(_equal_email),
            **{name: like(name) for name in LIKE},
            "username": text("username"),
            "userid": number("id_value"),
            **days("updated", "updated"),
            "has_credit": flag(lambda record: self.vendor.balances(record["id"], "credit_balance") != {}),
            "has_draft": flag(lambda record: self.vendor.balances(record["id"], "draft_balance") != {}),
            "has_outstanding": flag(
                lambda record: self.vendor.balances(record["id"], "outstanding_balance") != {}
            ),
            "has_overdue": flag(lambda record: self.vendor.balances(record["id"], "overdue_balance") != {}),
        }

    def create(self, change: Change, body: Record) -> str:
        cap = int(self.world.switches.get("freshbooks.client_limit"))
        if cap and self.table.select(limit=0).total >= cap:
            detail = Detail(1003, "You have reached the client limit of your plan.", None, self.name)
            raise accounting_refusal(change, 403, detail)
        return super().create(change, body)

    def acts(self) -> dict[str, ActOperation]:
        return super().acts() | {"merge": self._act_merge}

    def _act_merge(self, act: Act, record_id: str | None, fields: Record) -> str:
        """`fields.into` keeps its data; the papers and hours of the merged client move to it."""
        source, target = self.require(act, record_id), self.require(act, fields.get("into"))
        if source["id"] == target["id"] or self.is_deleted(target):
            raise accounting_refusal(act, 422, Detail(1004, "Cannot merge these clients.", "into", self.name))
        move_papers(self.vendor, act, source["id"], target["id"])
        self.set_vis_state(act, source, DELETED)
        return str(target["id"])

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        merged = {**(before or {}), **values}
        if not any(merged.get(key) for key in NAMES) and self.world.switches.on(
            "freshbooks.client_needs_a_name"
        ):
            return [Detail(1001, "'email' is a required field.", "email", self.name)]
        if self.world.switches.on("freshbooks.unique_client_email") and values.get("email"):
            holders = self.table.find("email", str(values["email"]).casefold())
            if any(each != str((before or {}).get("id")) for each in holders):
                return [Detail(1029, "Email is already in use.", "email", self.name, values["email"])]
        return []

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        if record["currency_code"] is None:
            record["currency_code"] = self.vendor.currency
        if not any(record[key] for key in ("organization", "fname", "lname")):
            record["organization"] = record["email"]
        contacts = _contacts(record.pop("contacts", None))
        if contacts:
            record["contacts"] = contacts

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated"] = eastern(now)
        if not creating:
            return
        record |= {
            "accounting_systemid": self.vendor.account_id,
            "uuid": self.world.random.uuid("freshbooks.client"),
            "role": "client",
            "level": 0,
            "notified": False,
            "num_logins": 0,
            "last_login": None,
            "last_activity": None,
            "signup_date": utc_bare(now),
            "direct_link_token": None,
            "statement_token": None,
            "subdomain": None,
            "has_retainer": None,
            "retainer_id": None,
        }
        record["username"] = record["username"] or self.world.random.token("freshbooks.username", 10)

    def rows(self, page: Page, includes: set[str]) -> Sequence[Any]:
        if includes:
            return super().rows(page, includes)
        return [self._short(self.table.raw(each)) for each in page.ids]

    def _short(self, raw: bytes) -> Any:
        return self.view(orjson.loads(raw), set()) if b'"contacts"' in raw else orjson.Fragment(raw)

    def view(self, record: Record, includes: set[str]) -> Any:
        contacts = record.pop("contacts", None)
        if contacts and self.world.switches.on("freshbooks.contacts_shown"):
            record["contacts"] = contacts
        for name in BALANCES:
            if name in includes:
                sums = self.vendor.balances(record["id"], name)
                record[name] = [{"amount": money(amount, code)} for code, amount in sums.items()]
        if "late_reminders" in includes:
            record["late_reminders"] = []
        if "late_fee" in includes:
            record["late_fee"] = {}
        return record


def _equal_email(value: str) -> Filter:
    return Equal("email", value.casefold())


def _joined(parts: Sequence[str], record: Record) -> str:
    return "\n".join(str(record[each]) for each in parts if record.get(each))


def _contacts(given: Any) -> list[dict[str, Any]]:
    """Secondary contacts; anything that is none is dropped."""
    rows = given if isinstance(given, list) else []
    keys = ("email", "fname", "lname", "phone1")
    return [
        {"contactid": index, **{key: str(row.get(key) or "") for key in keys}}
        for index, row in enumerate((each for each in rows if isinstance(each, dict)), 1)
    ]
