"""A vendor for the laws of lenses: keeps what is written, as the real one answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.mapping.document import decode, encode
from twinledger.mapping.functions.dates import plus_days
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.natural_keys import parse_natural_key

__all__ = ["IDS", "TAX", "entity_named", "lookup", "resolve", "stored"]

IDS = ("id", "contact_id", "item_id", "tax_id", "salesorder_id", "invoice_id", "payment_id")
"""Keys by which the vendors call a record's id; each mapping looks at its own."""

TAX = {"name": "Sales Tax", "percent": "5.5", "compound": False}


def resolve(name: str) -> str:
    """Ids of the vendor follow from those of the entities."""
    return "77" if name.startswith("self/") else str(int(name.rpartition("-")[2], 16) + 1000)


def lookup(name: str) -> Mapping[str, Any]:
    """Taxes differ by entity, so that a line cannot come back with another's."""
    return TAX | {"name": f"Tax & Co {resolve(name)}"}


def entity_named(reference: Any) -> Any:
    """The entity that a reference read from a document means."""
    if not isinstance(reference, str):
        return reference
    natural = parse_natural_key(reference)
    number = natural[1]["name"].rpartition(" ")[2] if natural else reference.rpartition("/")[2]
    return f"entity:00000000-0000-0000-0000-{int(number) - 1000:012x}"


def stored(
    mapping: ObjectMapping, body: dict[str, Any], before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The document after a write: over what was there, sent as bytes, dates computed."""
    document = _laid_over(before or dict.fromkeys(IDS, "1"), decode(encode(body)))
    if mapping.object == "freshbooks.invoice" and "due_offset_days" in document:
        document["due_date"] = plus_days(document["create_date"], document["due_offset_days"])
    for line in document.get("line_items") or ():
        _grouped(line)
    return document


def _grouped(line: dict[str, Any]) -> None:
    """Two taxes of a line are one group, whose parts are listed beside it."""
    ids = line.pop("tax_ids", None)
    if ids is not None:
        line |= {"tax_id": "9", "line_item_taxes": [{"tax_id": one} for one in ids]}


def _laid_over(before: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for key, value in body.items():
        there = merged.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            merged[key] = _laid_over(there, value)
        elif key in ("contact_persons", "invoices") and there:
            merged[key] = [_laid_over(there[0], value[0]), *there[1:]]
        else:
            merged[key] = value
    return merged
