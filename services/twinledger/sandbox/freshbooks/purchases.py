"""FreshBooks bill vendors, bills and bill payments. Sheet 3.12 to 3.14."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from ..call import Act, Change
from ..indexes import Index, Keyed
from .bill_lines import bill_totals, parse_bill_lines
from .errors import Detail
from .fields import Field
from .listing import SearchKey, number, text
from .payments import PAYMENT_TYPES
from .resource import Record, Resource
from .wire import add_days, amount_of, money, today, utc_bare

__all__ = ["BillPayments", "BillVendors", "Bills"]


class BillVendors(Resource):
    """No search filter works on them, and only `updated_at` tells what changed."""

    name, plural, path, scope, sheet = (
        "bill_vendor",
        "bill_vendors",
        "bill_vendors/bill_vendors",
        "bill_vendors",
        "3.12",
    )
    id_keys = ("vendorid",)
    first_id = 1_801
    required = ("vendor_name", "currency_code", "language")
    plain_view = False
    fields: Mapping[str, Field] = {
        "vendor_name": Field(max_length=255),
        **{
            key: Field(default=None)
            for key in (
                "account_number",
                "primary_contact_first_name",
                "primary_contact_last_name",
                "primary_contact_email",
                "phone",
                "website",
                "street",
                "street2",
                "city",
                "province",
                "postal_code",
                "country",
                "note",
            )
        },
        "currency_code": Field(max_length=3),
        "language": Field(),
        "is_1099": Field("bool", False),
        "tax_defaults": Field("any", None),
    }

    def _standard_search(self) -> dict[str, SearchKey]:
        return {}

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        if isinstance(values.get("tax_defaults"), list | None):
            return []
        return [Detail(1035, "The field 'tax_defaults' must be a list.", "tax_defaults", self.name, None)]

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record["tax_defaults"] = record["tax_defaults"] or []

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated_at"] = utc_bare(now)
        if creating:
            record["created_at"] = utc_bare(now)

    def view(self, record: Record, includes: set[str]) -> Any:
        open_sums: dict[str, Decimal] = defaultdict(Decimal)
        late_sums: dict[str, Decimal] = defaultdict(Decimal)
        for bill in self.vendor.bills.of_vendor(record["vendorid"]):
            amount = amount_of(bill["outstanding"])
            if amount:
                open_sums[bill["currency_code"]] += amount
                if bill["status"] == "overdue":
                    late_sums[bill["currency_code"]] += amount
        record["outstanding_balance"] = [{"amount": money(each, code)} for code, each in open_sums.items()]
        record["overdue_balance"] = [{"amount": money(each, code)} for code, each in late_sums.items()]
        return record


class Bills(Resource):
    name, plural, path, scope, sheet = "bill", "bills", "bills/bills", "bills", "3.13"
    id_keys = ("id",)
    first_id = 3_301
    required = ("vendorid", "issue_date", "due_offset_days", "currency_code", "language")
    plain_view = False
    fields: Mapping[str, Field] = {
        "vendorid": Field("int", 0),
        "bill_number": Field(default=None),
        "issue_date": Field("date", None),
        "due_offset_days": Field("int", 0),
        "currency_code": Field(max_length=3),
        "language": Field(),
        "attachment": Field("any", None),
        "lines": Field("any", None),
        "amount": Field(refused=True),
        "due_date": Field(refused=True),
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("vendorid", lambda record: (record["vendorid"],)),
            Keyed("status", lambda record: (record["status"],)),
            Keyed("currency", lambda record: (record["currency_code"],)),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "vendorid": number("vendorid"),
            "statuses": text("status"),
            "currency_code": text("currency"),
            "ids": number("id_value"),
        }

    def of_vendor(self, vendor_id: int) -> list[Record]:
        records = [self.table.get(each) for each in self.table.find("vendorid", vendor_id)]
        return [self._dated(each) for each in records if each is not None and not self.is_deleted(each)]

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        details = []
        if values.get("vendorid") and str(values["vendorid"]) not in self.vendor.bill_vendors.table:
            details.append(Detail(1012, "Vendor not found.", "vendorid", self.name, str(values["vendorid"])))
        if "lines" in values or before is None:
            currency = str(values.get("currency_code") or (before or {}).get("currency_code") or "USD")
            values["lines"], wrong = parse_bill_lines(
                values.get("lines"), currency, self.vendor.categories.table
            )
            details += wrong
        return details

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record["due_date"] = add_days(record["issue_date"], int(record["due_offset_days"] or 0))
        first = record["lines"][0] if record["lines"] else {}
        record["overall_description"] = first.get("description")
        record["overall_category"] = (first.get("category") or {}).get("category")
        self._settle(record)

    def _settle(self, record: Record) -> None:
        code = record["currency_code"]
        rounding = str(self.world.switches.get("freshbooks.tax_rounding"))
        totals = bill_totals(record["lines"], rounding)
        payments = self.vendor.bill_payments.of_bill(record["id"])
        paid = sum((amount_of(each["amount"]) for each in payments), Decimal(0))
        record["amount"] = money(totals.subtotal, code)
        record["tax_amount"] = money(totals.tax, code)
        record["total_amount"] = money(totals.total, code)
        record["paid"] = money(paid, code)
        record["outstanding"] = money(totals.total - paid, code)
        settled = "paid" if totals.total > 0 and paid >= totals.total else "partial"
        record["status"] = settled if paid > 0 else "unpaid"

    def refresh(self, change: Change, bill_id: int) -> None:
        record = self.table.get(str(bill_id))
        if record is not None:
            self.stamp(record, self.world.clock.now(), creating=False)
            self._settle(record)
            change.update(self.kind, record)

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated_at"] = utc_bare(now)
        if creating:
            record["created_at"] = utc_bare(now)

    def _dated(self, record: Record) -> Record:
        """`overdue` is a matter of today."""
        late = date.fromisoformat(record["due_date"]) < today(self.world.clock.now())
        if record["status"] in {"unpaid", "partial"} and late:
            record["status"] = "overdue"
        return record

    def view(self, record: Record, includes: set[str]) -> Any:
        record = self._dated(record)
        record["bill_payments"] = [dict(each) for each in self.vendor.bill_payments.of_bill(record["id"])]
        if "vendor" in includes or self.world.switches.on("freshbooks.bill_embeds_vendor"):
            vendor = self.vendor.bill_vendors.table.get(str(record["vendorid"]))
            record["vendor"] = None if vendor is None else self.vendor.bill_vendors.view(vendor, set())
        return record

    def acts(self) -> dict[str, Any]:
        return super().acts() | {"pay": self._act_pay}

    def _act_pay(self, act: Act, record_id: str | None, fields: Record) -> str:
        record = self.require(act, record_id)
        day = today(self.world.clock.now()).isoformat()
        payment = {"amount": record["outstanding"], "paid_date": day, "payment_type": "Check"}
        self.vendor.bill_payments.create(act, {**payment, **fields, "billid": record["id"]})
        return str(record_id)


class BillPayments(Resource):
    name, plural, path, scope, sheet = (
        "bill_payment",
        "bill_payments",
        "bill_payments/bill_payments",
        "bill_payments",
        "3.14",
    )
    id_keys = ("id",)
    first_id = 4_101
    required = ("billid", "amount", "paid_date", "payment_type")
    event = False
    fields: Mapping[str, Field] = {
        "billid": Field("int", 0),
        "amount": Field("money", None),
        "paid_date": Field("date", None),
        "payment_type": Field("choice", "Other", PAYMENT_TYPES),
        "note": Field(default=None),
    }

    def indexes(self) -> Sequence[Index]:
        return (Keyed("billid", lambda record: (record["billid"],)),)

    def _standard_search(self) -> dict[str, SearchKey]:
        return {}

    def of_bill(self, bill_id: int) -> list[Record]:
        records = [self.table.get(each) for each in self.table.find("billid", bill_id)]
        return [each for each in records if each is not None and not self.is_deleted(each)]

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        if values.get("billid") and str(values["billid"]) not in self.vendor.bills.table:
            return [Detail(1012, "Bill not found.", "billid", self.name, str(values["billid"]))]
        return []

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record["matched_with_expense"] = False

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        """Bill payments carry no stamp at all."""

    def applied(self, change: Change, before: Record | None, after: Record) -> None:
        self.vendor.bills.refresh(change, after["billid"])
