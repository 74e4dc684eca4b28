"""FreshBooks: what moves when a person merges two clients. The sheet knows no merge over the API."""

from typing import TYPE_CHECKING

from ..call import Change

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["move_papers"]


def move_papers(vendor: "FreshBooks", change: Change, source: int, target: int) -> None:
    """Names and addresses on papers stay as they were written. Invoices first: payments follow theirs."""
    now = vendor.world.clock.now()
    for part, index in (
        (vendor.invoices, "customerid"),
        (vendor.credit_notes, "clientid"),
        (vendor.payments, "clientid"),
        (vendor.expenses, "clientid"),
    ):
        for each in part.table.find(index, source):
            record = part.require(change, each)
            record[index] = target
            part.stamp(record, now, creating=False)
            change.update(part.kind, record)
    for business in (vendor.projects, vendor.time_entries):
        for each in business.table.find("client_id", source):
            entry = business.require(change, each)
            entry["client_id"] = target
            business.store(change, entry)
