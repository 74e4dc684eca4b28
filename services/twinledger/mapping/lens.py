"""Mapping: one vendor object and one entity, in both directions by the same statements.

read:  document -> Reading (transform)    write: entity fields -> vendor-shaped body (loader)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from twinledger.mapping.carriers import Carrier, NoCarrier
from twinledger.mapping.effects import ASKED_IN
from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import MappingError, ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.field_lens import Body, Document, FieldLens, Writing
from twinledger.mapping.links import Link
from twinledger.mapping.names import ComposedName
from twinledger.mapping.paths import MISSING
from twinledger.mapping.rules import ReadingRule
from twinledger.mapping.totals import TotalsRule

__all__ = ["ObjectMapping", "Reading"]

Resolve = Callable[[str], str]
Lookup = Callable[[str], Mapping[str, JSON]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says. `fields` holds only what it states: absent is not None.

    `updated_at` is None where the vendor has no stamp or its zoneless stamp names two instants.
    `links` name other records of the same entity: {"account": "zoho_crm.account/4150"}.
    """

    entity: str
    external_id: str
    updated_at: datetime | None
    fields: dict[str, JSON]
    reference: str | None = None
    links: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMapping:
    """A compiled mapping file. Pure: same document, same reading; same fields, same body."""

    object: str
    entity: str
    version: int
    _lenses: Mapping[str, FieldLens]
    _written_with: Mapping[str, frozenset[str]]
    """Field -> every field that is written when it changes, itself included."""
    _read_id: Callable[[Document], str]
    _read_updated_at: Callable[[Document], datetime | None]
    _accept: Condition | None
    _refuse_unsupported: Callable[[Document], None]
    _conditions: Sequence[tuple[Condition, Sequence[str]]]
    """What some fields depend on, each condition once."""
    _rules: Sequence[ReadingRule]
    _links: Sequence[Link]
    _names: Sequence[ComposedName]
    _carrier: Carrier
    _create: Mapping[str, Any]
    _blank: str | None
    totals: TotalsRule | None = None
    """How the vendor works out the total of a document from its lines."""
    _on_create: Mapping[str, FieldLens] = field(init=False)
    _on_update: Mapping[str, FieldLens] = field(init=False)
    """Lenses whose change may cause such a write; planning asks for them with every record."""
    _ways: Mapping[str, Mapping[Any, JSON]] = field(init=False)

    def __post_init__(self) -> None:
        for place, creating in (("_on_create", True), ("_on_update", False)):
            lenses = {name: lens for name, lens in self._lenses.items() if lens.writable(creating=creating)}
            object.__setattr__(self, place, lenses)
        ways = {name: lens.by_way_of for name, lens in self._lenses.items() if lens.by_way_of}
        object.__setattr__(self, "_ways", ways)

    @property
    def definition(self) -> str:
        """Name and version, as records store it."""
        return f"{self.object}@{self.version}"

    @property
    def has_reference(self) -> bool:
        """Does a record of this object carry our reference? If not, it is known by its content alone."""
        return not isinstance(self._carrier, NoCarrier)

    @property
    def has_unique_names(self) -> bool:
        """Does the vendor want a name of ours unique, and do we know other forms of it?"""
        return any(name.unique for name in self._names)

    # --- reading ---------------------------------------------------------------------------------

    def accepts(self, document: Document) -> bool:
        """False for documents of this object that are no such entity (a vendor among contacts)."""
        try:
            return self._accept is None or self._accept({}, document)
        except ValueFault as fault:
            raise MappingError(str(fault), field="accept") from fault

    def read(self, document: Document) -> Reading:
        """What the document says; MappingError names the field that makes no sense."""
        if type(document) is not dict:
            raise MappingError("the document is not an object")
        external_id = _named("id", self._read_id, document)
        fields: dict[str, JSON] = {}
        name = "document"
        try:
            self._refuse_unsupported(document)
            for name, lens in self._lenses.items():
                value = lens.read(document)
                if value is not MISSING:
                    fields[name] = value
            for rule in self._rules:
                name = rule.name
                rule.apply(document, fields)
            for name in self._not_applying(fields):
                fields.pop(name, None)
            name = "links"
            links = {link.name: found for link in self._links if (found := link.read(document))}
            name = "updated_at"
            updated_at = self._read_updated_at(document)
        except ValueFault as fault:
            raise _mapping_error(name, fault, external_id) from fault
        return Reading(self.entity, external_id, updated_at, fields, self._carrier.take(document), links)

    def _not_applying(self, fields: Mapping[str, JSON]) -> list[str]:
        """Fields that records with these values do not have here."""
        return [name for condition, names in self._conditions if not condition(fields) for name in names]

    def _made_without(self, fields: Mapping[str, JSON], creating: bool) -> list[str]:
        asked = fields.get(ASKED_IN)
        if not creating or asked is None:
            return []
        return [name for name, lens in self._lenses.items() if asked in lens.effects]

    def effect_of(self, fields: Mapping[str, JSON], changed: Collection[str]) -> str | None:
        """What a change of these fields does beside changing a record that is there."""
        asked = fields.get(ASKED_IN)
        told = type(asked) is str and any(asked in self._lenses[name].effects for name in changed)
        return asked if told else None  # type: ignore[return-value]

    # --- what this system can hold ---------------------------------------------------------------

    def carries(self, name: str) -> bool:
        """Does this object state the field at all?"""
        return name in self._lenses or any(name in rule.sets for rule in self._rules)

    def writable(self, creating: bool, fields: Mapping[str, JSON] | None = None) -> frozenset[str]:
        """Fields whose change may cause a write. Those that need a call of their own (`phase_of`) are
        no part of a create. `fields` (the entity's) leaves out what does not apply to this record."""
        lenses = self._on_create if creating else self._on_update
        if fields is None:
            return frozenset(lenses)
        return frozenset(lenses).difference(self._not_applying(fields), self._made_without(fields, creating))

    def phase_of(self, name: str) -> str | None:
        """Name of the vendor call that an update of this field needs; None: the ordinary update."""
        lens = self._lenses.get(name)
        return lens.phase if lens else None

    def normal(self, name: str, value: JSON) -> JSON:
        """What `value` reads back as after a write: the declared loss, no more."""
        try:
            return self._lenses[name].normal(value)
        except ValueFault as fault:
            raise _mapping_error(name, fault) from fault

    def expected(
        self, fields: Mapping[str, JSON], *, creating: bool, known: Mapping[str, JSON] | None = None
    ) -> dict[str, JSON]:
        """What this system says when it holds all of the entity that it can. Fields the entity does not
        state are not in it, nor those that the system is `known` to say already: what it said once is
        in its normal form. Of a record that must be brought elsewhere first: that alone."""
        known = known or {}
        if self._ways and (first := self._first_of_all(fields, known)):
            return first
        said: dict[str, JSON] = {}
        not_applying = self._not_applying(fields) + self._made_without(fields, creating)
        for name, lens in (self._on_create if creating else self._on_update).items():
            if name not in fields:
                continue
            value = fields[name]
            if lens.expect is None and known.get(name, MISSING) == value:
                continue
            if name in not_applying or (value is None and not lens.clearable):
                continue
            try:
                said[name] = lens.expect(fields) if lens.expect else lens.normal(value)
            except ValueFault as fault:
                raise _mapping_error(name, fault) from fault
        return said

    def _first_of_all(self, fields: Mapping[str, JSON], known: Mapping[str, JSON]) -> dict[str, JSON]:
        return {
            name: steps[known[name]]
            for name, steps in self._ways.items()
            if known.get(name) in steps and name in fields and fields[name] != known[name]
        }

    # --- links of records of one entity ----------------------------------------------------------

    def links(self) -> Mapping[str, str]:
        """Mark of each link in patches and shadows -> the object it names."""
        return {link.mark: link.object for link in self._links}

    def links_wanted(self, fields: Mapping[str, JSON], known: Mapping[str, JSON]) -> dict[str, JSON]:
        """Links that this side should have and is not known to, or should have no more."""
        return {
            mark: value
            for link in self._links
            for mark, value in link.wanted(fields, known.get(link.mark)).items()
        }

    # --- writing -----------------------------------------------------------------------------------

    def write(
        self,
        fields: Mapping[str, JSON],
        changed: Collection[str],
        *,
        creating: bool,
        reference: str | None,
        resolve: Resolve,
        lookup: Lookup | None = None,
        name_attempt: int = 0,
    ) -> Body:
        """Vendor-shaped body for the changed fields and all that must go with them.

        `resolve` turns "entity:<uuid>" into this system's id text, and "self/<object>" into the id of
        the entity's own record of another object; `lookup` gives the fields of a referred entity, for
        vendors that name it by content (tax lines). `name_attempt` > 0 asks for the next free form of
        a name that the vendor has already. An update with changes of two phases is two writes.
        """
        writing = Writing(fields, fields, creating, self._blank, resolve, lookup)
        body: Body = dict(self._create) if creating else {}
        for name in self._to_write(fields, changed, creating):
            try:
                self._lenses[name].emit(body, writing)
            except ValueFault as fault:
                raise _mapping_error(name, fault) from fault
        for composed in self._names:
            composed.emit(body, fields, changed, creating=creating, attempt=name_attempt)
        for link in self._links:
            link.emit(body, writing, changed)
        if reference is not None and (body or creating):
            self._carrier.place(body, reference, creating=creating)
        return body

    def stated_in(self, body: Mapping[str, Any], whole: Collection[str]) -> dict[str, JSON]:
        """What an update with this body makes of the parts of it that the vendor takes `whole`: None for what
        they leave out."""
        touched = {
            name: lens
            for name, lens in self._lenses.items()
            if any(key[0] in whole and key[0] in body for key in lens.keys)
        }
        said = {name: lens.read(body) for name, lens in touched.items()}
        return {name: None if value is MISSING else value for name, value in said.items()}

    def _starts(self, fields: Mapping[str, JSON], changed: Collection[str], creating: bool) -> frozenset[str]:
        """What changed; of a new record also what has a default and is not stated."""
        if not creating:
            return frozenset(changed)
        return frozenset(changed).union(
            name for name, lens in self._lenses.items() if lens.default is not MISSING and name not in fields
        )

    def _to_write(self, fields: Mapping[str, JSON], changed: Collection[str], creating: bool) -> list[str]:
        starts = self.writable(creating, fields) & self._starts(fields, changed, creating)
        wanted = frozenset[str]().union(*(self._written_with[name] for name in starts))
        wanted = wanted.difference(self._not_applying(fields))
        return [name for name in self._lenses if name in wanted]


def _named(name: str, read: Callable[[Document], Any], document: Document) -> Any:
    try:
        return read(document)
    except ValueFault as fault:
        raise _mapping_error(name, fault) from fault


def _mapping_error(name: str, fault: ValueFault, external_id: str | None = None) -> MappingError:
    joint = "." if fault.at and not fault.at.startswith("[") else ""
    field_name = f"{name}{joint}{fault.at}"
    return MappingError(f"{field_name}: {fault}", field=field_name, external_id=external_id)
