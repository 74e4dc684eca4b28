"""FreshBooks: the accounting resources: their paths, envelopes, id filters and stamps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["EASTERN", "RESOURCES", "Resource", "stamp", "version"]

EASTERN = ZoneInfo("America/New_York")
"""Accounting stamps carry no zone and mean this one, wherever the business is."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One accounting resource; `ids_filter` is the only way to ask for many records in one call."""

    object: str
    path: str
    singular: str
    plural: str
    ids_filter: str
    own_ids: frozenset[str]
    """How an error names the record itself, rather than one it refers to."""
    soft_delete: bool = True
    include: tuple[tuple[str, str], ...] = ()


RESOURCES = {
    resource.object: resource
    for resource in (
        Resource(
            "freshbooks.client", "users/clients", "client", "clients", "userids", frozenset({"id", "userid"})
        ),
        Resource("freshbooks.item", "items/items", "item", "items", "itemids", frozenset({"id", "itemid"})),
        Resource(
            "freshbooks.tax",
            "taxes/taxes",
            "tax",
            "taxes",
            "taxids",
            frozenset({"id", "taxid"}),
            soft_delete=False,
        ),
        Resource(
            "freshbooks.invoice",
            "invoices/invoices",
            "invoice",
            "invoices",
            "invoiceids",
            frozenset({"id", "invoiceid"}),
            include=(("include[]", "lines"),),
        ),
        Resource(
            "freshbooks.payment",
            "payments/payments",
            "payment",
            "payments",
            "logids",
            frozenset({"id", "logid", "paymentid"}),
        ),
    )
}


def stamp(record: dict[str, Any]) -> datetime | None:
    """When the record last changed; in autumn's repeated hour the earlier of the two."""
    text = record.get("updated")
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=EASTERN).astimezone(UTC)
    except ValueError:
        return None


def version(record: dict[str, Any]) -> datetime | None:
    """As `stamp`, where it names one instant: in autumn's repeated hour two versions cannot be told apart."""
    at = stamp(record)
    local = at.astimezone(EASTERN) if at is not None else None
    if local is None or local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return None
    return at
