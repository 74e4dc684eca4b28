"""Mapping: links between records of one entity, such as a CRM contact's account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_lens import Body, Document, Writing
from twinledger.mapping.paths import MISSING, Path, getter, put

__all__ = ["Link"]


@dataclass(frozen=True, slots=True)
class Link:
    """A place that names another record of the same entity. It is written with the create only:
    later it belongs to the people who work there."""

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

    def emit(self, body: Body, writing: Writing) -> None:
        if writing.creating and (self.condition is None or self.condition(writing.fields)):
            put(body, self.path, writing.resolve(f"self/{self.object}"))
