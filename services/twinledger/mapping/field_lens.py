"""Mapping: a lens, the two-way correspondence of one canonical field and its place at a vendor.

Built by the compiler; used by the object mapping. Nothing here knows of YAML or of other fields
than those it was given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.expressions import Condition
from twinledger.mapping.paths import MISSING, Path

__all__ = ["Body", "Document", "FieldLens", "Writing"]

Document: TypeAlias = Mapping[str, Any]
Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writing:
    """What an emitter may look at. `fields` are those of the record, or of one line of it."""

    fields: Mapping[str, JSON]
    record: Mapping[str, JSON]
    creating: bool
    blank: Any
    resolve: Callable[[str], str]
    lookup: Callable[[str], Mapping[str, JSON]] | None


@dataclass(frozen=True, slots=True)
class FieldLens:
    """`read` gives MISSING where the document does not say and raises ValueFault where it makes no
    sense; `emit` puts the field into a body; `normal` is what a value reads back as."""

    field: str
    read: Callable[[Document], Any]
    emit: Callable[[Body, Writing], None]
    normal: Callable[[JSON], JSON]
    keys: frozenset[Path] = frozenset()
    """Places in the body it writes; lenses that share one are written together."""
    follows: frozenset[str] = frozenset()
    """Fields whose change rewrites this one."""
    write: Literal["always", "on_create", "never"] = "always"
    phase: str | None = None
    by_way_of: Mapping[Any, JSON] = dataclasses.field(default_factory=dict)
    """What a record says -> what it is brought to first, by a write of its own, before it takes any other."""
    inline: bool = False
    """The create itself may carry it although later changes need a call of their own."""
    effects: frozenset[str] = frozenset()
    """A record that asks for one of these is made without it: the later call does what is asked for."""
    clearable: bool = True
    """The vendor can be told that nothing is there."""
    default: Any = MISSING
    """Value of a new record when the entity says nothing."""
    condition: Condition | None = None
    """Holds for the records whose document has this field at all."""
    expect: Callable[[Mapping[str, JSON]], JSON] | None = None
    """Replaces `normal` where what reads back depends on more than this field."""

    def writable(self, *, creating: bool) -> bool:
        """May a change of this field cause a write of that kind?"""
        if creating:
            return self.write != "never" and (self.phase is None or self.inline)
        return self.write == "always"
