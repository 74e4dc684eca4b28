"""Sandbox, Zoho finance: what invoices, orders, bills and notes share: party, number, currency, lines."""

from datetime import date, timedelta
from typing import Any, ClassVar

from ..call import Call
from ..indexes import Keyed
from ..store import Filter
from .answers import invalid, refuse
from .lines import discount, lines_of, put_totals
from .resource import Query, Record, Resource
from .shape import Checker, anything, day, flag, ident, number, one_of, rows, text, whole

__all__ = ["HEADER", "Document"]

HEADER: dict[str, Checker] = {
    "customer_id": ident,
    "vendor_id": ident,
    "reference_number": text(100),
    "date": day,
    "due_date": day,
    "payment_terms": whole,
    "payment_terms_label": text(100),
    "currency_id": ident,
    "exchange_rate": number,
    "discount": discount,
    "discount_type": one_of("entity_level", "item_level"),
    "is_discount_before_tax": flag,
    "is_inclusive_tax": flag,
    "salesperson_id": ident,
    "salesperson_name": text(200),
    "contact_persons": anything,
    "contact_persons_associated": anything,
    "billing_address_id": ident,
    "shipping_address_id": ident,
    "template_id": ident,
    "place_of_supply": text(10),
    "notes": text(None),
    "terms": text(None),
    "shipping_charge": number,
    "adjustment": number,
    "adjustment_description": text(100),
    "allow_partial_payments": flag,
    "payment_options": anything,
    "custom_fields": rows,
    "location_id": ident,
    "tax_authority_id": ident,
    "tax_exemption_id": ident,
    "line_items": rows,
}
DEFAULTS: Record = {
    "reference_number": "",
    "discount": 0.0,
    "discount_type": "entity_level",
    "is_discount_before_tax": True,
    "is_inclusive_tax": False,
    "shipping_charge": 0.0,
    "adjustment": 0.0,
    "adjustment_description": "",
    "notes": "",
    "terms": "",
    "salesperson_name": "",
    "is_emailed": False,
}
LATER = ("line_items", "custom_fields", "customer_id", "vendor_id", "currency_id", "exchange_rate")


class Document(Resource):
    party: ClassVar[str] = "customer"
    number_key: ClassVar[str]
    number_prefix: ClassVar[str | None]  # None: the number is the vendor's own
    first_status: ClassVar[str] = "draft"
    buying: ClassVar[bool] = False
    lines_required: ClassVar[bool] = True
    plain = False

    def extra_indexes(self) -> list[Any]:
        return [Keyed("=status", lambda record: [record["status"]])]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name, value in DEFAULTS.items():
            record.setdefault(name, value)
        self._party(record, fields)
        self.put_number(record, fields, query, creating=creating)
        self._currency(record, fields)
        for name, value in fields.items():
            if name not in LATER and name != self.number_key:
                record[name] = value
        self._dates(record, fields)
        if "line_items" in fields or creating:
            given = fields.get("line_items", [])
            record["line_items"] = self.make_lines(record, given, record.get("line_items", []))
        record.setdefault("status", self.first_status)
        put_totals(self.finance, record)

    def make_lines(self, record: Record, given: list[Record], held: list[Record]) -> list[Record]:
        return lines_of(self.finance, given, held, buying=self.buying)

    def _party(self, record: Record, fields: Record) -> None:
        key = f"{self.party}_id"
        party_id = fields.get(key) or record.get(key)
        if not party_id:
            raise invalid(key)
        contact = self.finance.contacts.need(party_id)
        record[key], record[f"{self.party}_name"] = party_id, contact["contact_name"]
        if self.party == "customer":
            record["email"] = contact["email"]
        if not record.get("currency_id"):
            record["currency_id"], record["currency_code"] = contact["currency_id"], contact["currency_code"]
            record["payment_terms"] = contact["payment_terms"]
            record["payment_terms_label"] = contact["payment_terms_label"]
            record["billing_address"] = _address(contact["billing_address"])
            record["shipping_address"] = _address(contact["shipping_address"])

    def put_number(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        own = fields.get(self.number_key, "")
        ignoring = str(query.get("ignore_auto_number_generation", "")).lower() == "true"
        if own and own != record.get(self.number_key) and not ignoring:
            raise refuse(4097, f"The {self.label.lower()} number does not match the auto-generated number.")
        if creating and ignoring and not own:
            raise invalid(self.number_key)
        if own:
            self.refuse_taken(record, own)
            record[self.number_key] = own
        elif creating:
            record[self.number_key] = self._next_number()

    def refuse_taken(self, record: Record, own: str) -> None:
        if any(
            each != record[self.id_key] for each in self.table.find(f"={self.number_key}", own.casefold())
        ):
            code = self.organization.code("duplicate_number_code")
            raise refuse(code, f'{self.label} number "{own}" already exists.')

    def _next_number(self) -> str:
        while True:
            number = self.world.counters.next(f"zoho.{self.organization.site}.{self.name}.number")
            text_number = f"{self.number_prefix}{number:05d}"
            if not self.table.find(f"={self.number_key}", text_number.casefold()):
                return text_number

    def _currency(self, record: Record, fields: Record) -> None:
        currencies = self.finance.currencies
        given = fields.get("currency_id")
        currency = currencies.need(given) if given else currencies.need(record["currency_id"])
        changed = currency["currency_id"] != record["currency_id"] or "exchange_rate" not in record
        for name in ("currency_id", "currency_code", "currency_symbol", "price_precision"):
            record[name] = currency[name]
        if currency["is_base_currency"]:
            record["exchange_rate"] = 1.0
        elif fields.get("exchange_rate"):
            record["exchange_rate"] = fields["exchange_rate"]
        elif changed:
            record["exchange_rate"] = float(currency["exchange_rate"])

    def _dates(self, record: Record, fields: Record) -> None:
        record["date"] = record.get("date") or self.organization.today()
        if "due_date" in self.shape and not fields.get("due_date"):
            moved = {"date", "payment_terms"} & fields.keys() or not record.get("due_date")
            if moved:
                record["due_date"] = due(record["date"], record.get("payment_terms") or 0)
        if record.get("due_date") and record["due_date"] < record["date"]:
            raise invalid("due_date")

    def act_query(self, fields: Record) -> Query:
        return {"ignore_auto_number_generation": "true"} if fields.get(self.number_key) else {}

    def list_filters(self, call: Call) -> list[Filter]:
        filters = super().list_filters(call)
        if call.arg("status"):
            filters += self.status_filters(f"Status.{call.arg('status')}")
        return filters

    def set_status(self, change: Any, record: Record, status: str) -> None:
        before = self.need(record[self.id_key])
        record["status"] = status
        self.store(change, record)
        self.after(change, before, record)


def due(start: str, days: int) -> str:
    """Zoho has negative terms (end of month, ...): they are due at once here."""
    try:
        return (date.fromisoformat(start) + timedelta(days=max(0, min(days, 36_500)))).isoformat()
    except OverflowError:
        return start


def _address(address: Record) -> Record:
    return {name: value for name, value in address.items() if name != "address_id"}
