"""Mapping: links between records of one entity, such as a CRM contact's account."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_lens import Body, Document, Writing
from twinledger.mapping.paths import MISSING, Path, getter, put

__all__ = ["LEFT", "LINKED", "Link", "is_mark", "mark_of"]

LINKED, LEFT = "linked", "left"
_MARK = "link:"


def mark_of(name: str) -> str:
    """How a patch and a shadow speak of a link, beside the canonical paths."""
    return f"{_MARK}{name}"


def is_mark(path: str) -> bool:
    """Does this key of a patch speak of a link?"""
    return path.startswith(_MARK)


@dataclass(frozen=True, slots=True)
class Link:
    """A place that names another record of the same entity. It is written with the create, once later when
    the record gets its counterpart, and cleared when it loses it; else it belongs to the people there."""

    name: str
    object: str
    path: Path
    condition: Condition | None

    def read(self, document: Document) -> str | None:
        value: Any = getter(self.path)(document)
        if value is MISSING or value is None or value == "":
            return None
        if type(value) is not str and type(value) is not int:
            raise ValueFault("an id is expected", self.name)
        return f"{self.object}/{value}"

    @property
    def mark(self) -> str:
        """Its key in patches and shadows."""
        return mark_of(self.name)

    def applies(self, fields: Mapping[str, JSON]) -> bool:
        return self.condition is None or self.condition(fields)

    def wanted(self, fields: Mapping[str, JSON], known: JSON) -> dict[str, JSON]:
        """What is to be written of it; LEFT is known of a counterpart that the record no longer has."""
        if self.applies(fields):
            return {} if known == LINKED else {self.mark: LINKED}
        return {self.mark: None} if known == LEFT else {}

    def emit(self, body: Body, writing: Writing, changed: Collection[str]) -> None:
        if self.applies(writing.fields):
            if writing.creating or self.mark in changed:
                put(body, self.path, writing.resolve(f"self/{self.object}"))
        elif self.mark in changed:
            body[str(self.path[0])] = None
