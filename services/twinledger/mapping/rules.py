"""Mapping: rules, what a document says without holding a field for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_lens import Document
from twinledger.mapping.paths import MISSING

__all__ = ["ReadingRule", "Setter"]

Setter = Callable[[Document], Any]


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """Sets or drops fields by a condition. A rule about fields that the document does not state is silent."""

    name: str
    condition: Condition
    when_true: Mapping[str, Setter]
    when_false: Mapping[str, Setter]
    unset: frozenset[str]

    @property
    def sets(self) -> frozenset[str]:
        return frozenset(self.when_true) | frozenset(self.when_false)

    def apply(self, document: Document, fields: dict[str, JSON]) -> None:
        if not self.condition.fields <= fields.keys():
            return
        holds = self.condition(fields, document)
        for field in self.unset if holds else ():
            fields.pop(field, None)
        setters = self.when_true if holds else self.when_false
        for field, setter in setters.items():
            value = setter(document)
            if value is not MISSING:
                fields[field] = value
