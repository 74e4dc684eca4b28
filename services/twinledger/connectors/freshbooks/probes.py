"""FreshBooks: how to find a record whose create was not answered: filters known to work, then compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["PROBES", "Probe"]

Fields = Mapping[str, Any]
Filters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Probe:
    """`searches` in the order to try; `is_ours` decides, since an unknown filter returns everything."""

    searches: Callable[[str, Fields], Sequence[Filters]]
    is_ours: Callable[[Fields, str, Fields], bool]


def _client_searches(reference: str, fields: Fields) -> Sequence[Filters]:
    by_marker = [("search[note_like]", reference)]
    email = fields.get("email")
    return [by_marker, [("search[email]", str(email))]] if email else [by_marker]


def _note_ends_with(row: Fields, reference: str, _fields: Fields) -> bool:
    return str(row.get("note") or "").rstrip().endswith(reference)


def _item_searches(reference: str, fields: Fields) -> Sequence[Filters]:
    return [[("search[sku]", str(fields.get("sku") or reference))]]


def _has_sku(row: Fields, reference: str, fields: Fields) -> bool:
    return row.get("sku") == str(fields.get("sku") or reference)


def _tax_searches(_reference: str, fields: Fields) -> Sequence[Filters]:
    return [[("search[name]", str(fields.get("name")))]]


def _is_same_tax(row: Fields, _reference: str, fields: Fields) -> bool:
    same_percent = _decimal(row.get("amount")) == _decimal(fields.get("amount"))
    return row.get("name") == fields.get("name") and same_percent


def _invoice_searches(_reference: str, fields: Fields) -> Sequence[Filters]:
    number = fields.get("invoice_number")
    if number:
        return [[("search[invoice_number]", str(number))]]
    customer, date = str(fields.get("customerid")), str(fields.get("create_date"))
    return [[("search[customerid]", customer), ("search[date_min]", date)]]


def _is_same_invoice(row: Fields, reference: str, fields: Fields) -> bool:
    number = fields.get("invoice_number")
    marked = any(reference in str(row.get(key) or "") for key in ("po_number", "notes"))
    return marked or (bool(number) and row.get("invoice_number") == str(number))


def _payment_searches(_reference: str, fields: Fields) -> Sequence[Filters]:
    return [[("search[invoiceid]", str(fields.get("invoiceid")))]]


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


PROBES: Mapping[str, Probe] = {
    "freshbooks.client": Probe(_client_searches, _note_ends_with),
    "freshbooks.item": Probe(_item_searches, _has_sku),
    "freshbooks.tax": Probe(_tax_searches, _is_same_tax),
    "freshbooks.invoice": Probe(_invoice_searches, _is_same_invoice),
    "freshbooks.payment": Probe(_payment_searches, _note_ends_with),
}
