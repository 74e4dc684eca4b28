"""Mapping: the shape of the files that say how one document becomes another."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from twinledger.mapping.statement import Constant, Statement

__all__ = ["Aggregate", "Back", "DerivedLines", "DerivedValue", "FlowFile", "Split"]


class Trigger(Statement):
    entity: str
    when: str | None = None


Aggregate = Literal["sum", "count", "min", "max", "first", "concat"]


class DerivedValue(Statement):
    """One of: a field of the trigger (`ref` where it names a record), a constant or a setting, a text
    made of fields, the first choice whose condition holds; in a group of lines also an aggregate."""

    path: str | None = None
    ref: str | None = None
    value: Constant = None
    format: str | None = None
    choose: list[Choice] = []
    aggregate: Aggregate | None = None
    apply: list[str] = []
    default: Constant = None
    required: bool = False


class Choice(DerivedValue):
    """Without a condition it is what remains."""

    when: str | None = None


class DerivedLines(Statement):
    """Lines made of the trigger's lines (`each`), or one line made of the trigger itself (`line`)."""

    each: str | None = None
    line: dict[str, DerivedValue] = {}
    where: str | None = None
    group_by: list[str] = []
    fields: dict[str, DerivedValue] = {}


DerivedField = Annotated[
    Annotated[DerivedValue, Tag("<value>")] | Annotated[DerivedLines, Tag("<lines>")],
    Discriminator(lambda given: _derived_form(given)),
]


def _derived_form(given: Any) -> str:
    keys = given if isinstance(given, dict) else ()
    return "<lines>" if "each" in keys or "line" in keys else "<value>"


class Split(Statement):
    """Several documents of one trigger: the lines with one value of `field` are one, or every line's
    amount is divided by `shares`."""

    field: str | None = None
    shares: list[int | Decimal] = []


class Derivation(Statement):
    entity: str
    key: list[str]
    target: str
    split_by: Split | None = None
    fields: dict[str, DerivedField]


class Back(Statement):
    """What goes back to the trigger, over what the target says of the documents; `gather` makes one
    value of several documents' (without it: the value they have in common)."""

    gather: dict[str, Aggregate] = {}
    fields: dict[str, DerivedValue]


class FlowFile(Statement):
    flow: str = Field(pattern=r"^[a-z0-9-]+$")
    version: int = Field(1, ge=1)
    enabled: bool = True
    on: Trigger
    derive: Derivation
    back: Back | None = None
    undo: Literal["review"] = "review"
    follow: Literal["never", "while_draft"] = "never"
