"""Mapping: the shape of the definition files. Parsed once; the compiler knows nothing of YAML."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from twinledger.mapping.match_rule import MatchStatement

__all__ = [
    "AccountStatement",
    "Beside",
    "Composed",
    "EffectStatement",
    "FieldStatement",
    "FlowFile",
    "GroupStatement",
    "Identity",
    "LinesStatement",
    "LinkStatement",
    "MappingFile",
    "NaturalStatement",
    "ReferenceStatement",
    "Rule",
    "ScalarStatement",
    "SyncFile",
    "Totals",
    "ValueStatement",
]

Scalar = bool | int | str
Constant = bool | int | Decimal | str | None
WriteRule = Literal["always", "on_create", "never"]


class _Statement(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- object mapping ----------------------------------------------------------------------------


class DaysAfter(_Statement):
    """The vendor takes a date as a number of days after another one."""

    path: str
    days_after: str


class CustomField(_Statement):
    """The finance products read a custom field by name and write it in a list."""

    custom_field: str


class Recipients(_Statement):
    """The body's list of addresses, and whose it is: a field of a record that this one refers to."""

    path: str
    of: str
    field: str


class EffectStatement(_Statement):
    """A call that brings a value and does more than that; taken only where the record asks for it."""

    bodies: dict[Scalar, dict[str, Constant]]
    recipients: Recipients


class ScalarStatement(_Statement):
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
    inline: bool = False
    effects: dict[str, EffectStatement] = {}
    when: str | None = None


class ValueStatement(_Statement):
    """A value read from one place; what a rule sets when it is not a constant."""

    path: str
    apply: list[str] = []
    ref: str | None = None


class NaturalStatement(_Statement):
    """A reference to a record that the document names by its content."""

    class Natural(_Statement):
        entity: str
        keys: dict[str, ValueStatement]

    natural: Natural


class SeveralTaxes(_Statement):
    """A line that names its taxes by one group: `parts` lists the group's taxes, each with its `id`;
    `written` carries their ids to the connector, which knows or makes the group."""

    parts: str
    id: str
    written: str


class Beside(_Statement):
    """What stands beside the lines of a document and changes its sum; it is read as lines.

    A percentage off the whole stays one: it is the field `percent`. `charges` are named amounts;
    the one at `rounding` may be our own. `written` takes all of it back when lines are written."""

    class Line(_Statement):
        amount: str
        discount: str
        taxes: str
        tax: str

    class Discount(_Statement):
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


class Totals(_Statement):
    """How the vendor works out a total from lines (`mapping/totals.py`), and what makes it come to what
    was charged where others round otherwise: an untaxed `line` of that name, or an amount at `path`
    with its reason at `note`."""

    decimals: int | Literal["currency"]
    taxes: Literal["per_tax", "per_line"]
    taxed: Literal["exact", "rounded_discount"]
    line: str | None = None
    path: str | None = None
    note: str | None = None


class LinesStatement(_Statement):
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


class GroupStatement(_Statement):
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


class UpdatedAt(_Statement):
    path: str
    zone: str | None = None


class Identity(_Statement):
    """Where the document holds its id and its last change."""

    id: str
    updated_at: UpdatedAt | None = None


class Rule(_Statement):
    """While reading: when a condition holds, sets fields and drops others; else sets others."""

    when: str
    set: dict[str, Constant | ValueStatement] = {}
    unset: list[str] = []
    otherwise: dict[str, Constant | ValueStatement] = Field({}, alias="else")


class LinkStatement(_Statement):
    """Another record of the same entity that the document names; written when it is created."""

    path: str
    object: str
    when: str | None = None


class ReferenceStatement(_Statement):
    """Where the record carries our reference: in a field of its own, at the end of a text, instead of
    an empty value, or in a custom field of the finance products."""

    path: str | None = None
    form: Literal["own", "trailing", "instead"] = "own"
    custom_field: str | None = None


class Composed(_Statement):
    """A name the vendor demands: the first of several that is not empty. `unique`: what may be added
    when the vendor has that name already."""

    first_of: list[list[str]]
    unique: list[str] = []


class MappingFile(_Statement):
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


# --- sync rule ---------------------------------------------------------------------------------


class SystemStatement(_Statement):
    """`shares`: an object of the same vendor that shows the same records under the same ids; of what
    happens here we hear, read and written is there."""

    role: str = "primary"
    when: str | None = None
    create: bool = True
    shares: str | None = None


class AccountStatement(_Statement):
    """A field told by the account table: a word of the books for the first of the fields `of` that has a row.
    `otherwise`: for what has none, `ask` for a person's word; `once`: only when the record is made."""

    of: list[str] = Field(min_length=1)
    rows: dict[str, str] = {}
    otherwise: str | None = None
    once: bool = False


class SyncFile(_Statement):
    sync: str
    version: int = Field(1, ge=1)
    systems: dict[str, SystemStatement]
    policy: dict[str, str]
    match: list[list[str]] | MatchStatement = []
    accounts: dict[str, AccountStatement] = {}
    delete: Literal["archive", "void", "propagate", "detach"] = "archive"
    since: str | None = None


# --- flow --------------------------------------------------------------------------------------


class Trigger(_Statement):
    entity: str
    when: str | None = None


Aggregate = Literal["sum", "count", "min", "max", "first", "concat"]


class DerivedValue(_Statement):
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


class DerivedLines(_Statement):
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


class Split(_Statement):
    """Several documents of one trigger: the lines with one value of `field` are one, or every line's
    amount is divided by `shares`."""

    field: str | None = None
    shares: list[int | Decimal] = []


class Derivation(_Statement):
    entity: str
    key: list[str]
    target: str
    split_by: Split | None = None
    fields: dict[str, DerivedField]


class Back(_Statement):
    """What goes back to the trigger, over what the target says of the documents; `gather` makes one
    value of several documents' (without it: the value they have in common)."""

    gather: dict[str, Aggregate] = {}
    fields: dict[str, DerivedValue]


class FlowFile(_Statement):
    flow: str = Field(pattern=r"^[a-z0-9-]+$")
    version: int = Field(1, ge=1)
    enabled: bool = True
    on: Trigger
    derive: Derivation
    back: Back | None = None
    undo: Literal["review"] = "review"
    follow: Literal["never", "while_draft"] = "never"
