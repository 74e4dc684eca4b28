"""Soak: the model: things of the business, what was typed into them, what the ledger says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from tests.faults.soak_fields import SIDES, FieldOf, Record, form

Ledger = list[dict[str, Any]]
_EXPOSED_S = 6.0
"""How long an edit can stay unknown to us: its webhook lost, ingest killed, the next poll."""
OBJECTS = ("freshbooks.client", "zoho_crm.contact", "zoho_crm.account", "zoho_books.contact")
ITEM_OBJECTS = ("freshbooks.item", "zoho_books.item")
_IDS = {"zoho_books.contact": "contact_id", "zoho_books.item": "item_id"}


@dataclass(frozen=True, slots=True)
class Typed:
    """One thing a person typed into a form that was saved."""

    field: str
    side: str
    value: str


@dataclass(slots=True)
class Thing:
    """A customer or an item: how it is found on each side, and what was typed since the last rest."""

    key: str
    fields: dict[str, FieldOf]
    is_item: bool
    of_company: bool
    ids: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    typed: list[Typed] = field(default_factory=list)
    saves: int = 0

    def objects(self) -> list[str]:
        if self.is_item:
            return list(ITEM_OBJECTS)
        return [one for one in OBJECTS if self.of_company or one != "zoho_crm.account"]

    def sides(self) -> list[str]:
        return [side for side in SIDES if not (self.is_item and side == "zoho_crm")]


def too_many_writes(thing: Thing, ledger: Ledger) -> list[str]:
    """I3: no more writes to a record than forms were saved."""
    faults = []
    for object_name, external_id in thing.ids.items():
        system, _, kind = object_name.partition(".")
        writes = [
            row
            for row in ledger
            if is_ours(row)
            and row["system"] == system
            and any(one["object"] == kind and one["id"] == external_id for one in row["objects"])
        ]
        if len(writes) > thing.saves + 1:
            seen = ", ".join(f"{row['seq']} {row['method']} at {row['at']}" for row in writes)
            faults.append(f"I3 {thing.key} {object_name}: {thing.saves} saves, writes: {seen}")
    return faults


def is_ours(row: dict[str, Any]) -> bool:
    """Applied over the vendor's API; a person's act has no method."""
    return row["kind"] == "effect" and row["method"] is not None


def exposed(thing: Thing, name: str, side: str, ledger: Ledger) -> bool:
    """Right after the last save of this field there, our write to the very record carried the field too."""
    object_name, part = form(side, thing.fields[name].places[side], "1", of_company=thing.of_company)
    external_id = thing.ids[object_name]
    here = [row for row in ledger if any(one["id"] == external_id for one in row["objects"])]
    saves = [row for row in here if row["kind"] == "act" and part.keys() <= row["body"]["fields"].keys()]
    if not saves:
        return False
    (inner,) = part.values()
    leaf = next(iter(inner if "billing_address" in part else part))
    saved_at = datetime.fromisoformat(saves[-1]["at"])
    late = [
        datetime.fromisoformat(row["at"]) - saved_at
        for row in here
        if row["kind"] == "request" and f'"{leaf}"'.encode() in orjson.dumps(row["body"])
    ]
    return any(0 <= gap.total_seconds() <= _EXPOSED_S for gap in late)


def is_of(row: Record, key: str) -> bool:
    """By e-mail or by SKU."""
    return key in (row.get("email"), row.get("Email"), row.get("sku"))


def id_of(object_name: str, row: Record) -> str:
    return str(row[_IDS.get(object_name, "id")])
