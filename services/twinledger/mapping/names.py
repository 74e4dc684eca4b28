"""Mapping: display names that a vendor demands and wants unique, composed from what we have.

Such a name is never read back into the fields it was made of, so an addition never travels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import MappingError
from twinledger.mapping.field_lens import Body

__all__ = ["ComposedName"]


@dataclass(frozen=True, slots=True)
class ComposedName:
    """`first_of`: sets of fields, the first that is not empty gives the name."""

    key: str
    first_of: Sequence[Sequence[str]]
    unique: Sequence[str]

    def emit(
        self,
        body: Body,
        fields: Mapping[str, JSON],
        changed: Collection[str],
        *,
        creating: bool,
        attempt: int,
    ) -> None:
        """Written with the create, and when a field that the name is made of changes."""
        looked_at: set[str] = set()
        for names in self.first_of:
            looked_at.update(names)
            base = " ".join(text for name in names if (text := _text(fields, name)))
            if base:
                if creating or not looked_at.isdisjoint(changed):
                    body[self.key] = self._candidate(base, fields, attempt)
                return
        if creating:
            raise MappingError(f"{self.key}: nothing to make a name of", field=self.key)

    def _candidate(self, base: str, fields: Mapping[str, JSON], attempt: int) -> str:
        if attempt == 0:
            return base
        additions = [text for name in self.unique if (text := _text(fields, name)) and text != base]
        if attempt <= len(additions):
            return f"{base} ({additions[attempt - 1]})"
        return f"{base} ({attempt - len(additions) + 1})"


def _text(fields: Mapping[str, JSON], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
