"""Sandbox, Zoho Books: payments of customers, allocated to invoices (sheet 2.6)."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..indexes import Keyed
from ..plugin import Route
from ..store import Equal, Filter
from .answers import invalid, refuse, success
from .documents import Document
from .listing import Columns
from .resource import Query, Record, Resource
from .shape import Checker, Shape, anything, day, ident, number, read_body, rows, shaped, text
from .sums import Sums
from .totals import ZERO, dec, num

__all__ = ["CustomerPayments", "Payments"]

MODES = ("check", "cash", "creditcard", "banktransfer", "bankremittance", "autotransaction", "others")
BODY: dict[str, Checker] = {
    "payment_mode": text(100),
    "amount": number,
    "date": day,
    "reference_number": text(100),
    "description": text(None),
    "exchange_rate": number,
    "bank_charges": number,
    "account_id": ident,
    "contact_persons": anything,
    "retainerinvoice_id": ident,
    "location_id": ident,
    "custom_fields": rows,
}
APPLIED: dict[str, Checker] = {"amount_applied": number, "tax_amount_withheld": number}


class Payments(Resource, ABC):
    """What payments of customers and payments to vendors have in common: allocation."""

    party: ClassVar[str]
    paper: ClassVar[str]  # invoice | bill
    papers_key: ClassVar[str]
    applied_id: ClassVar[str]
    sheet = "2.6"

    @abstractmethod
    def papers(self) -> Document: ...

    @abstractmethod
    def settle_paper(self, change: Change, paper: Record, amount: Any, day: str) -> None: ...

    def extra_indexes(self) -> list[Any]:
        key, paper_id = self.papers_key, f"{self.paper}_id"
        party_id = f"{self.party}_id"
        unused = Sums("unused", lambda record: record[party_id], lambda record: dec(record["unused_amount"]))
        return [Keyed(self.paper, lambda record: [each[paper_id] for each in record[key]]), unused]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        self._check_mode(fields)
        if creating:
            number = self.world.counters.next(f"zoho.{self.organization.site}.{self.name}.number")
            record |= {"payment_number": str(number), "amount_refunded": 0.0, "payment_refunds": []}
            for name in ("reference_number", "description", "account_id"):
                record[name] = ""
            record["bank_charges"], record["payment_mode"], record[self.papers_key] = 0.0, "", []
        party_key = f"{self.party}_id"
        contact = self.finance.contacts.need(fields.get(party_key) or record.get(party_key) or "")
        held = record.get(party_key, contact["contact_id"])
        if held != contact["contact_id"]:
            raise self.refuse_state("The contact of a payment cannot be changed.")
        record[party_key], record[f"{self.party}_name"] = contact["contact_id"], contact["contact_name"]
        for name in ("currency_id", "currency_code", "currency_symbol", "price_precision"):
            record.setdefault(name, contact[name])
        record |= {
            name: value for name, value in fields.items() if name not in (self.papers_key, "custom_fields")
        }
        record["date"] = record.get("date") or self.organization.today()
        currency = self.finance.currencies.need(record["currency_id"])
        record.setdefault("exchange_rate", float(currency["exchange_rate"]))
        if record.get("amount", 0) <= 0:
            raise invalid("amount")
        if self.papers_key in fields:
            record[self.papers_key] = self._allocations(record, fields[self.papers_key])
        self._put_unused(record)

    def _check_mode(self, fields: Record) -> None:
        mode = fields.get("payment_mode", "")
        if (
            mode
            and mode.lower().replace(" ", "") not in MODES
            and not self.organization.switch("payment_modes_open")
        ):
            raise invalid("payment_mode")

    def _allocations(self, record: Record, given: list[Record]) -> list[Record]:
        paper_id = f"{self.paper}_id"
        before = {each[paper_id]: each for each in record.get(self.papers_key, ())}
        made: dict[str, Record] = {}
        for each in given:
            wanted = ident(paper_id, each.get(paper_id))
            if not wanted or wanted in made:
                raise invalid(paper_id)
            fields = shaped(APPLIED, each, ("amount_applied",))
            paper = self.papers().need(wanted)
            if paper[f"{self.party}_id"] != record[f"{self.party}_id"] or paper["status"] == "void":
                raise invalid(paper_id)
            held = before.get(wanted)
            made[wanted] = self._allocation(paper, fields, held)
        return [each for each in made.values() if each["amount_applied"] > 0]

    def _allocation(self, paper: Record, fields: Record, held: Record | None) -> Record:
        applied = dec(fields["amount_applied"])
        room = dec(paper["balance"]) + (dec(held["amount_applied"]) if held else ZERO)
        if applied < 0:
            raise invalid("amount_applied")
        if applied > room:
            raise self.over_allocated(f"The amount applied is more than the balance of the {self.paper}.")
        number_key = f"{self.paper}_number"
        return {
            self.applied_id: held[self.applied_id] if held else self.organization.new_id(),
            f"{self.paper}_id": paper[f"{self.paper}_id"],
            number_key: paper[number_key],
            "date": paper["date"],
            f"{self.paper}_amount": paper["total"],
            "amount_applied": num(applied),
            "balance_amount": num(room - applied),
            "tax_amount_withheld": fields.get("tax_amount_withheld", 0.0),
        }

    def over_allocated(self, message: str) -> Exception:
        return refuse(self.organization.code("over_allocation_code"), message)

    def _put_unused(self, record: Record) -> None:
        applied = sum((dec(each["amount_applied"]) for each in record[self.papers_key]), ZERO)
        unused = dec(record["amount"]) - applied - dec(record["amount_refunded"])
        if unused < 0:
            raise self.over_allocated("The amounts applied are more than the amount of the payment.")
        record["unused_amount"] = num(unused)
        record["bcy_amount"] = num(dec(record["amount"]) * dec(record["exchange_rate"]))

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        """Moves the balances by the difference."""
        moved: dict[str, Any] = {}
        for sign, each in ((-1, before), (1, record)):
            for applied in each[self.papers_key] if each else ():
                key = applied[f"{self.paper}_id"]
                moved[key] = moved.get(key, ZERO) + sign * dec(applied["amount_applied"])
        on = (record or before or {}).get("date", "")
        for paper_id, amount in moved.items():
            paper = self.papers().table.get(paper_id)
            if amount and paper is not None:
                self.settle_paper(change, paper, amount, on)


class CustomerPayments(Payments):
    name, path, id_key = "customer_payment", "/customerpayments", "payment_id"
    one, many, label, scope = "payment", "customerpayments", "Payment", "customerpayments"
    report = "Customer Payments"
    created = "The payment has been created."
    updated = "The payment details have been updated."
    deleted = "The payment has been deleted."
    party, paper, papers_key, applied_id = "customer", "invoice", "invoices", "invoice_payment_id"
    required = ("customer_id", "payment_mode", "amount", "date")
    shape: ClassVar[Shape] = {**BODY, "customer_id": ident, "invoices": rows}
    row = (
        "payment_id",
        "payment_number",
        "customer_id",
        "customer_name",
        "invoice_numbers",
        "date",
        "payment_mode",
        "amount",
        "bcy_amount",
        "unused_amount",
        "amount_refunded",
        "currency_code",
        "reference_number",
        "description",
        "account_id",
        "created_time",
        "last_modified_time",
        "custom_fields",
        "custom_field_hash",
    )
    columns = Columns(
        texts=("customer_name", "reference_number"),
        exact=("customer_id", "payment_mode", "payment_number"),
        days=("date",),
        amounts=("amount",),
        sorts=("date", "amount", "customer_name", "payment_number", "created_time", "last_modified_time"),
        default_sort="date",
        search=("customer_name", "reference_number", "description"),
    )
    default_filter = "PaymentMode.All"

    def papers(self) -> Document:
        return self.finance.invoices

    def settle_paper(self, change: Change, paper: Record, amount: Any, day: str) -> None:
        self.finance.invoices.pay(change, paper, amount, day)

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating and not fields.get("invoices") and not self.organization.switch("unapplied_payments"):
            raise invalid("invoices")
        super().build(record, fields, query, creating=creating)
        record["invoice_numbers"] = ", ".join(each["invoice_number"] for each in record["invoices"])

    def required_in_update(self, change: Change) -> tuple[str, ...]:
        return tuple(each for each in super().required_in_update(change) if each != "date")

    def status_filters(self, wanted: str) -> list[Filter]:
        word = wanted.rpartition(".")[2].casefold()
        return [] if word in ("all", "") else [Equal("=payment_mode", word)]

    def routes(self, product: Any) -> list[Route]:
        path, make = "/customerpayments/{id}/refunds", product.route
        return [
            *super().routes(product),
            make(self, "GET", path, self.refunds),
            make(self, "POST", path, self.refund),
            make(self, "PUT", "/customerpayment/{id}/customfields", self.custom_alone),
        ]

    def refunds(self, call: Call) -> Reply:
        return success(payment_refunds=self.need(call.params["id"])["payment_refunds"])

    def refund(self, call: Call) -> Reply:
        shape = {"date": day, "amount": number, "from_account_id": ident, "description": text(None)}
        fields = shaped(shape, read_body(call), ("date", "amount", "from_account_id"))
        record = self.need(call.params["id"])
        if not 0 < fields["amount"] <= record["unused_amount"]:
            raise self.over_allocated("The refund is more than the unused amount of the payment.")
        refund = {"payment_refund_id": self.organization.new_id(), **fields}
        record["payment_refunds"].append(refund)
        record["amount_refunded"] = num(dec(record["amount_refunded"]) + dec(fields["amount"]))
        self._put_unused(record)
        self.store(call, record)
        return success("The refund information for this payment has been saved.", 201, payment_refunds=refund)
