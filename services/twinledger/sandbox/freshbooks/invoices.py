"""FreshBooks invoices: computed totals, statuses moved by actions and payments. Sheet 3.3."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ..call import Act, Call, Change, Reply, json_reply
from ..indexes import Index, Keyed, Ordered
from ..plugin import Route
from ..store import Filter, Where
from .documents import ClientDocument
from .errors import Detail
from .fields import Field
from .invoice_math import compute_totals
from .listing import SearchKey, amount_is, days, number, text
from .resource import Record
from .wire import add_days, amount_of, eastern, eastern_micro, money, plain, today

__all__ = ["Invoices"]

DISPUTED, DRAFT, SENT, VIEWED, PAID, PARTIAL = 0, 1, 2, 3, 4, 8
WORDS = {
    DISPUTED: "disputed",
    DRAFT: "draft",
    SENT: "sent",
    VIEWED: "viewed",
    PAID: "paid",
    PARTIAL: "partial",
}
SETTABLE = (DISPUTED, DRAFT, SENT, VIEWED)


class Invoices(ClientDocument):
    name, plural, path, scope, sheet = "invoice", "invoices", "invoices/invoices", "invoices", "3.3"
    id_keys = ("id", "invoiceid")
    first_id = 480_001
    methods = ("list", "get", "create", "update", "delete")
    client_key = "customerid"
    required = ("customerid", "create_date")
    plain_view = False
    always_shown = ("lines",)
    sorts: Mapping[str, str] = {"invoice_date": "date", "updated": "updated"}
    fields: Mapping[str, Field] = {
        "customerid": Field("int", 0),
        "create_date": Field("date", None),
        "due_date": Field(refused=True),
        "due_offset_days": Field("int", 0),
        "invoice_number": Field(default=None),
        "currency_code": Field(default=None, max_length=3),
        "language": Field(default="en"),
        "discount_value": Field("percent", "0"),
        "discount_description": Field(default=None),
        "notes": Field(),
        "terms": Field(default=None),
        "po_number": Field(default=None),
        "address": Field(),
        "template": Field(default="clean-grouped"),
        "status": Field("any", None),
        "ownerid": Field("int", 1, create_only=True),
        "sentid": Field("int", 1, create_only=True),
        "estimateid": Field("int", 0, create_only=True),
        "auto_bill": Field("bool", False, create_only=True),
        "generation_date": Field("date", None),
        "fulfillment_date": Field("date", None),
        "deposit_amount": Field("money", None),
        "deposit_percentage": Field("percent", None),
        "return_uri": Field(default=None),
        "show_attachments": Field("bool", False),
        "gmail": Field("bool", False),
        "lines": Field("any", None),
        **{
            key: Field(default=None)
            for key in ("organization", "fname", "lname", "street", "street2", "city")
        },
        **{key: Field(default=None) for key in ("province", "code", "country", "vat_name", "vat_number")},
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("customerid", lambda record: (record["customerid"],)),
            Keyed("number", lambda record: (record["invoice_number"],)),
            Ordered("date", lambda record: record["create_date"], lambda record: not self.is_deleted(record)),
            Ordered("every_date", lambda record: record["create_date"]),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "customerid": number("customerid"),
            "customerids": number("customerid"),
            "invoice_number": text("number"),
            **days("date", "every_date"),
            **days("updated", "updated"),
            "v3_status": SearchKey(self._in_status, many=self._in_statuses),
            "paid": amount_is(lambda record: amount_of(record["paid"])),
            "outstanding": amount_is(lambda record: amount_of(record["outstanding"])),
        }

    def _in_status(self, value: str) -> Filter:
        return self._in_statuses([value])

    def _in_statuses(self, values: list[str]) -> Filter:
        return Where(lambda record: self._v3_status(record) in values)

    def routes(self) -> list[Route]:
        path = "/accounting/account/{account_id}/invoices/invoices/{id}/share_link"
        share = Route(
            "GET", path, self.share_link, "freshbooks.api", "share link", "3.3", ("user:invoices:read",)
        )
        return [*super().routes(), share]

    def share_link(self, call: Call) -> Reply:
        record = self.require(call, call.params["id"])
        link = {
            "resourceid": record["id"],
            "clientid": record["customerid"],
            "resource_type": "invoice",
            "share_link": f"{self.world.url('freshbooks.api')}/view/{record['uuid']}",
            "share_method": call.arg("share_method") or "share_link",
        }
        return json_reply({"response": {"result": {"share_link": link}}})

    # -- writes

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        details = super().check(change, values, before)
        status = values.get("status")
        if status is not None:
            if isinstance(status, bool) or not isinstance(status, int):
                details.append(
                    Detail(1015, "The field 'status' must be a number.", "status", self.name, status)
                )
            elif status not in SETTABLE:
                message = "Status must be one of 'draft', 'sent', 'viewed' or 'disputed'."
                details.append(Detail(1004, message, "status", self.name, status))
        taken = (
            self.table.find("number", values.get("invoice_number")) if values.get("invoice_number") else []
        )
        unique = self.world.switches.on("freshbooks.unique_invoice_number")
        if unique and any(each != str((before or {}).get("id")) for each in taken):
            number_taken = Detail(
                1029, "Invoice number is already in use.", "invoice_number", self.name, None
            )
            details.append(number_taken)
        return details

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        super().complete(change, record, values, before)
        if before is None:
            self._born(record)
        if values.get("status") is not None:
            record["base_status"] = values["status"]
        elif before is None:
            record["base_status"] = DRAFT
        self._next_number(record)
        record["due_date"] = add_days(record["create_date"], int(record["due_offset_days"] or 0))
        self.total(record)

    def _born(self, record: Record) -> None:
        now = self.world.clock.now()
        record |= {
            "uuid": self.world.random.uuid("freshbooks.invoice"),
            "accountid": self.vendor.account_id,
            "accounting_systemid": self.vendor.account_id,
            "parent": 0,
            "basecampid": 0,
            "created_at": eastern(now),
            "date_paid": None,
            "net_paid_amount": None,
            "autobill_status": None,
            "dispute_status": None,
            "last_order_status": None,
            "payment_details": "",
            "ext_archive": 0,
            "current_organization": record["organization"],
            "deposit_status": "unpaid"
            if record["deposit_amount"] or record["deposit_percentage"]
            else "none",
        }

    def _next_number(self, record: Record) -> None:
        """The next free number, after those given by hand."""
        while not record["invoice_number"]:
            number = f"{self.world.counters.next('freshbooks.invoice_number'):07d}"
            if not self.table.count("number", number):
                record["invoice_number"] = number

    def total(self, record: Record) -> None:
        """Totals, paid, outstanding and statuses from lines and payments, in place."""
        code = record["currency_code"]
        percent = Decimal(record["discount_value"] or "0")
        rounding = str(self.world.switches.get("freshbooks.tax_rounding"))
        totals = compute_totals(record["lines"], percent, rounding=rounding)
        paid = min(self.vendor.paid_on(record["id"]), max(totals.total, Decimal(0)))
        record["amount"] = money(totals.total, code)
        record["discount_total"] = money(-totals.discount if totals.discount else Decimal(0), code)
        record["discount_value"] = plain(percent)
        record["paid"] = money(paid, code)
        record["outstanding"] = money(totals.total - paid, code)
        record["description"] = next(
            (each["description"] for each in record["lines"] if each["description"]), ""
        )
        self._set_status(record, totals.total, paid)

    def _set_status(self, record: Record, total: Decimal, paid: Decimal) -> None:
        base = record["base_status"]
        status = base
        if paid > 0:
            status = PAID if paid >= total else PARTIAL
        record["status"] = status
        record["v3_status"] = WORDS[status]
        record["display_status"] = WORDS[status]
        record["payment_status"] = {PAID: "paid", PARTIAL: "partial"}.get(status, "unpaid")
        last = self.vendor.last_payment_day(record["id"]) if status == PAID else None
        record["date_paid"] = last

    def _v3_status(self, record: Record) -> str:
        """`overdue` is a matter of today, so it is never stored."""
        open_still = record["status"] in {SENT, VIEWED, PARTIAL} and amount_of(record["outstanding"]) > 0
        late = open_still and date.fromisoformat(record["due_date"]) < today(self.world.clock.now())
        return "overdue" if late else str(record["v3_status"])

    def act_on(self, change: Change, record: Record, body: Record) -> bool:
        actions = [key for key in body if key.startswith("action_")]
        if not actions:
            return False
        if not any(body[key] is True for key in actions):
            return True
        after = dict(record)
        if after["base_status"] == DRAFT:
            after["base_status"] = SENT
        self.stamp(after, self.world.clock.now(), creating=False)
        self.total(after)
        mailed = body.get("action_email") is True
        change.update(self.kind, after, verbs=("update", "sendByEmail") if mailed else ("update",))
        return True

    def refresh(self, change: Change, invoice_id: int) -> None:
        """After its payments changed."""
        record = self.table.get(str(invoice_id))
        if record is not None:
            self.stamp(record, self.world.clock.now(), creating=False)
            self.total(record)
            quiet = not self.world.switches.on("freshbooks.payment_raises_invoice_update")
            change.update(self.kind, record, quiet=quiet)

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated"] = eastern(now)
        record["version"] = eastern_micro(now)

    # -- reads

    def view_depends_on(self, includes: set[str]) -> Hashable | None:
        """Today, for `overdue`. The owner never changes."""
        return today(self.world.clock.now())

    def view(self, record: Record, includes: set[str]) -> Any:
        record.pop("base_status", None)
        lines = record.pop("lines", [])
        record["v3_status"] = self._v3_status(record)
        if "lines" in includes:
            extra = {"invoiceid": record["id"], "updated": record["updated"]}
            record["lines"] = [{**line, **extra} for line in lines]
        if "owner" in includes:
            record["owner"] = self.vendor.owner()
        if "presentation" in includes:
            record["presentation"] = {"id": record["id"], "theme_primary_color": "#4c83ee"}
        if "allowed_gateways" in includes:
            record["allowed_gateways"] = []
        return record

    # -- a person

    def acts(self) -> dict[str, Any]:
        return super().acts() | {"send": self._act_send, "pay": self._act_pay}

    def _act_send(self, act: Act, record_id: str | None, fields: Record) -> str:
        self.act_on(act, self.require(act, record_id), {"action_mark_as_sent": True})
        return str(record_id)

    def _act_pay(self, act: Act, record_id: str | None, fields: Record) -> str:
        """In full and today, unless `amount`, `date` or `type` say otherwise. Leaves the invoice."""
        record = self.require(act, record_id)
        wanted = fields.get("amount", record["outstanding"]["amount"])
        amount = wanted if isinstance(wanted, dict) else money(Decimal(str(wanted)), record["currency_code"])
        day = today(self.world.clock.now()).isoformat()
        payment = {"date": day, "type": "Other", **fields, "invoiceid": record["id"], "amount": amount}
        self.vendor.payments.create(act, payment)
        return str(record_id)
