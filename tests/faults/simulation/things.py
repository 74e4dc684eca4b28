"""Simulation: the model: things of the business, what was typed into them where, when and over what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.soak_fields import CUSTOMER, ITEM, ORGANIZATION, SIDES, FieldOf, Record

__all__ = ["ADDRESS", "CUSTOMERS", "ITEMS", "STATE", "Thing", "Typed", "customer", "id_of", "is_of", "item"]

CUSTOMERS = ("freshbooks.client", "zoho_crm.contact", "zoho_crm.account", "zoho_books.contact")
ITEMS = ("freshbooks.item", "zoho_books.item")
ADDRESS = ("city", "region", "code", "country", "street")
_ENDED = {"2", "1", "inactive", "archived", "deleted"}
STATE = FieldOf(
    {"freshbooks": "vis_state", "zoho_books": "status"},
    lambda rng, number: rng.choice(("archived", "active")),
    lambda value: "archived" if str(value) in _ENDED else "active",
    clearable=False,
)
"""Not typed but pressed: each side has buttons for it."""
_IDS = {"zoho_books.contact": "contact_id", "zoho_books.item": "item_id"}


@dataclass(frozen=True, slots=True)
class Typed:
    """One field of a form that was saved; `over`: what the person saw there before, by its meaning."""

    field: str
    side: str
    value: str
    over: str
    at: float


@dataclass(slots=True, eq=False)
class Thing:
    """A customer or an item: how it is found on each side, and what was typed since the last rest."""

    key: str
    fields: Mapping[str, FieldOf]
    is_item: bool = False
    of_company: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=lambda: {"state": "active"})
    typed: list[Typed] = field(default_factory=list)
    saves: int = 0
    deleted_on: str = ""
    merged: dict[str, Thing] = field(default_factory=dict)
    """By side: who took its place there."""
    is_kept: bool = False
    """It took the place of another."""

    def objects(self) -> list[str]:
        """The account first: the contact names it."""
        names = ITEMS if self.is_item else CUSTOMERS
        return [
            one
            for one in names
            if (self.of_company or one != "zoho_crm.account") and one.partition(".")[0] not in self.merged
        ]

    def main_object(self, side: str) -> str:
        """What carries its state on a side."""
        name = "item" if self.is_item else "client" if side == "freshbooks" else "contact"
        return f"{side}.{name}"

    def sides(self) -> list[str]:
        """Where it has a record."""
        return [
            side for side in SIDES if side not in self.merged and not (self.is_item and side == "zoho_crm")
        ]

    def can_stand(self, name: str) -> set[str]:
        """Meanings that may be there at rest: the last of each side, but none that somebody typed over."""
        typed = [one for one in self.typed if one.field == name]
        last = {one.side: one for one in typed}
        left = {
            self.fields[name].meaning(one.value)
            for one in last.values()
            if not any(self._was_seen(one, other, typed) for other in last.values())
        }
        return left or {self.held.get(name, "")}

    def _was_seen(self, one: Typed, other: Typed, typed: Sequence[Typed]) -> bool:
        """The other side typed over this value after it had arrived there, and not over its own, nor over the
        same of a third side that had typed it before: one of the two may be unseen."""
        meaning = self.fields[one.field].meaning
        others = {
            meaning(each.value)
            for each in typed
            if each.side == other.side or (each.side != one.side and each.at < other.at)
        }
        return (
            other.side != one.side
            and other.at > one.at
            and other.over == meaning(one.value)
            and other.over not in others | {self.held.get(one.field)}
        )


def customer(key: str, *, of_company: bool) -> Thing:
    fields = {**CUSTOMER, **({"organization": ORGANIZATION} if of_company else {}), "state": STATE}
    return Thing(key, fields, of_company=of_company)


def item(key: str) -> Thing:
    return Thing(key, {**ITEM, "state": STATE}, is_item=True)


def is_of(row: Record, key: str) -> bool:
    """By e-mail or by SKU."""
    return key in (row.get("email"), row.get("Email"), row.get("sku"))


def id_of(object_name: str, row: Record) -> str:
    return str(row[_IDS.get(object_name, "id")])
