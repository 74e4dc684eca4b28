"""Mapping: the shape of the files that map an object. Parsed once; the compiler knows nothing of YAML."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from twinledger.mapping.statement import Constant, Statement

__all__ = [
    "Beside",
    "Composed",
    "EffectStatement",
    "FieldStatement",
    "GroupStatement",
    "Identity",
    "LinesStatement",
    "LinkStatement",
    "MappingFile",
    "NaturalStatement",
    "ReferenceStatement",
    "Rule",
    "ScalarStatement",
    "Totals",
    "ValueStatement",
]

Scalar = bool | int | str
WriteRule = Literal["always", "on_create", "never"]


class DaysAfter(Statement):
    """The vendor takes a date as a number of days after another one."""

    path: str
    days_after: str


class CustomField(Statement):
    """The finance products read a custom field by name and write it in a list."""

    custom_field: str


class Recipients(Statement):
    """The body's list of addresses, and whose it is: a field of a record that this one refers to."""

    path: str
    of: str
    field: str


class EffectStatement(Statement):
    """A call that brings a value and does more than that; taken only where the record asks for it."""

    bodies: dict[Scalar, dict[str, Constant]]
    recipients: Recipients


class ScalarStatement(Statement):
    """One canonical field and one place in the document."""

    path: str
    apply: list[str] = []
    table: dict[Scalar, Scalar] | None = None
    otherwise: Scalar | None = None
    reverse: dict[Scalar, Scalar] = {}
    money: str | None = None
    ref: str | None = None
    id: Literal["text", "integer"] = "text"
    default: Constant = None
    write: WriteRule = "always"
    written_as: DaysAfter | CustomField | None = None
    also: list[str] = []
    phase: str | None = None
    bodies: dict[Scalar, dict[str, Constant]] | None = None
    by_way_of: dict[Scalar, Scalar] = {}
    inline: bool = False
    effects: dict[str, EffectStatement] = {}
    when: str | None = None


class ValueStatement(Statement):
    """A value read from one place; what a rule sets when it is not a constant."""

    path: str
    apply: list[str] = []
    ref: str | None = None


class NaturalStatement(Statement):
    """A reference to a record that the document names by its content."""

    class Natural(Statement):
        entity: str
        keys: dict[str, ValueStatement]

    natural: Natural


class SeveralTaxes(Statement):
    """A line that names its taxes by one group: `parts` lists the group's taxes, each with its `id`;
    `written` carries their ids to the connector, which knows or makes the group."""

    parts: str
    id: str
    written: str


class Beside(Statement):
    """What stands beside the lines of a document and changes its sum; it is read as lines.

    A percentage off the whole stays one: it is the field `percent`. `charges` are named amounts;
    the one at `rounding` may be our own. `written` takes all of it back when lines are written."""

    class Line(Statement):
        amount: str
        discount: str
        taxes: str
        tax: str

    class Discount(Statement):
        path: str
        amount: str
        before_tax: str
        percent: str

    decimals: str
    inclusive: str
    line: Line
    discount: Discount
    charges: dict[str, str]
    rounding: str
    written: dict[str, Constant] = {}


class Totals(Statement):
    """How the vendor works out a total from lines (`mapping/totals.py`), and what makes it come to what
    was charged where others round otherwise: an untaxed `line` of that name, or an amount at `path`
    with its reason at `note`."""

    decimals: int | Literal["currency"]
    taxes: Literal["per_tax", "per_line"]
    taxed: Literal["exact", "rounded_discount"]
    line: str | None = None
    path: str | None = None
    note: str | None = None


class LinesStatement(Statement):
    """A list of lines, read and written whole. `constants` go into every written line;
    `unsupported` places must be empty, since dropping what they hold would change an amount.
    `merged_by_id`: the vendor lays written lines over its own, so an emptied part is written as empty.
    `positive_quantities`: it takes a return as a negative price. `price_decimals`: a finer price is
    written as one piece at the line's amount. `compounded` says that the second tax is taken on both."""

    path: str
    each: dict[
        str,
        Annotated[
            Annotated[ScalarStatement, Tag("<scalar>")] | Annotated[NaturalStatement, Tag("<natural>")],
            Discriminator(lambda given: _form(given)),
        ],
    ]
    constants: dict[str, Constant] = {}
    unsupported: list[str] = []
    merged_by_id: bool = False
    positive_quantities: bool = False
    price_decimals: int | None = None
    compounded: str | None = None
    several_taxes: SeveralTaxes | None = None
    beside: Beside | None = None
    totals: Totals | None = None
    write: WriteRule = "always"


class GroupStatement(Statement):
    """Fields that are one thing, such as an address: written whole or not at all.
    `split` names places that hold several of them, one a line."""

    fields: dict[str, str]
    split: dict[str, list[str]] = {}
    apply: dict[str, list[str]] = {}
    when: str | None = None


def _form(given: Any) -> str:
    keys = given if isinstance(given, dict) else ()
    for key, form in (("each", "<lines>"), ("fields", "<group>"), ("natural", "<natural>")):
        if key in keys:
            return form
    return "<scalar>"


FieldStatement = Annotated[
    Annotated[ScalarStatement, Tag("<scalar>")]
    | Annotated[LinesStatement, Tag("<lines>")]
    | Annotated[GroupStatement, Tag("<group>")],
    Discriminator(_form),
]


class UpdatedAt(Statement):
    path: str
    zone: str | None = None


class Identity(Statement):
    """Where the document holds its id and its last change."""

    id: str
    updated_at: UpdatedAt | None = None


class Rule(Statement):
    """While reading: when a condition holds, sets fields and drops others; else sets others."""

    when: str
    set: dict[str, Constant | ValueStatement] = {}
    unset: list[str] = []
    otherwise: dict[str, Constant | ValueStatement] = Field({}, alias="else")


class LinkStatement(Statement):
    """Another record of the same entity that the document names; written when it is created."""

    path: str
    object: str
    when: str | None = None


class ReferenceStatement(Statement):
    """Where the record carries our reference: in a field of its own, at the end of a text, instead of
    an empty value, or in a custom field of the finance products."""

    path: str | None = None
    form: Literal["own", "trailing", "instead"] = "own"
    custom_field: str | None = None


class Composed(Statement):
    """A name the vendor demands: the first of several that is not empty. `unique`: what may be added
    when the vendor has that name already."""

    first_of: list[list[str]]
    unique: list[str] = []


class MappingFile(Statement):
    object: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    entity: str
    version: int = Field(ge=1)
    identity: Identity
    accept: str | None = None
    blank: Literal[""] | None = ""
    reference: ReferenceStatement | None = None
    fields: dict[str, FieldStatement]
    rules: list[Rule] = []
    links: dict[str, LinkStatement] = {}
    composed: dict[str, Composed] = {}
    create: dict[str, Constant] = {}
    unsupported: list[str] = []
