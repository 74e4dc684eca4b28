"""Demo: are two sides equal? Pure: two sets of plain records in, what differs out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Difference", "EntityResult", "View", "compare"]

View = Mapping[str, Mapping[str, str]]
"""Key (an e-mail, a number) -> field -> text."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or a whole record (`field` = "record"), that is not the same."""

    entity: str
    key: str
    field: str
    freshbooks: str
    zoho: str


@dataclass(frozen=True, slots=True)
class EntityResult:
    """One line of the summary."""

    entity: str
    freshbooks: int
    zoho: int
    differences: Sequence[Difference]

    @property
    def equal(self) -> bool:
        return not self.differences


def compare(entity: str, freshbooks: View, *zoho: tuple[str, View]) -> EntityResult:
    """Each Zoho view (named) against FreshBooks, on the fields that the Zoho record has."""
    differences = [
        difference for name, view in zoho for difference in _differences(entity, name, freshbooks, view)
    ]
    return EntityResult(entity, len(freshbooks), max(len(view) for _, view in zoho), differences)


def _differences(entity: str, name: str, left: View, right: View) -> list[Difference]:
    found = []
    for key in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(key), right.get(key)
        if ours is None or theirs is None:
            found.append(Difference(entity, key, "record", _presence(ours), f"{_presence(theirs)} in {name}"))
            continue
        found += [
            Difference(entity, key, field, ours.get(field, ""), f"{value} in {name}")
            for field, value in theirs.items()
            if ours.get(field, "") != value
        ]
    return found


def _presence(record: Mapping[str, str] | None) -> str:
    return "missing" if record is None else "present"
