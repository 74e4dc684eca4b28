"""Sandbox, Zoho Books: expenses and hours on an invoice are invoiced from then on (sheet 2.5, 2.8, 2.10)."""

from typing import TYPE_CHECKING

from ..call import Change
from .resource import Record, Resource

if TYPE_CHECKING:
    from .finance import Finance

__all__ = ["bill_parts"]


def bill_parts(finance: "Finance", change: Change, before: Record | None, record: Record | None) -> None:
    """`expense_id` and `time_entry_ids` of the lines, by difference; a void invoice bills nothing."""
    for resource, key, words in (
        (finance.expenses, "status", ("unbilled", "invoiced")),
        (finance.time_entries, "billed_status", ("unbilled", "invoiced")),
    ):
        old, new = _parts(before, resource), _parts(record, resource)
        for each in old - new:
            _mark(change, resource, each, "", key, words[0])
        for each in new - old:
            _mark(change, resource, each, str((record or {}).get("invoice_id", "")), key, words[1])


def _parts(invoice: Record | None, resource: Resource) -> set[str]:
    if invoice is None or invoice["status"] == "void":
        return set()
    if resource.name == "expense":
        return {line["expense_id"] for line in invoice["line_items"] if line.get("expense_id")}
    named = (line.get("time_entry_ids") for line in invoice["line_items"])
    return {str(each) for ids in named if isinstance(ids, list) for each in ids}


def _mark(change: Change, resource: Resource, record_id: str, invoice_id: str, key: str, word: str) -> None:
    record = resource.table.get(record_id)
    if record is not None:
        record["invoice_id"], record[key] = invoice_id, word
        resource.store(change, record)
