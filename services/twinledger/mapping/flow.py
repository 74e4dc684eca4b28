"""Mapping: flows, one entity gives rise to another (a sales order to an invoice).

Enrich runs them on the merged entity; the derived record's identity is (flow, trigger, part), so it
is made once, ever.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from twinledger.mapping.entity_model import JSON, EntityModel
from twinledger.mapping.errors import MappingError, ValueFault
from twinledger.mapping.expressions import Condition
from twinledger.mapping.flow_back import GiveBack, compile_back
from twinledger.mapping.flow_lines import compile_lines_of
from twinledger.mapping.flow_models import DerivedLines, FlowFile
from twinledger.mapping.flow_split import PART_NAMES, Part, compile_split
from twinledger.mapping.flow_values import Known, Reader, Scope, compile_value, text_field
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.paths import MISSING
from twinledger.mapping.yaml_source import Problem

__all__ = ["Document", "Flow", "compile_flow"]

Settings = Mapping[str, Any]
_OWED = ("lines", "decimal", "ref", "currency")


class Document(NamedTuple):
    """One derived record. `part` tells several of one trigger apart, "" where there is one."""

    part: str
    fields: dict[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A compiled flow file. References stay "entity:<uuid>" texts. `reads` are the fields of the trigger
    that matter: what differs in no other makes no difference. Settings are the workspace's own."""

    name: str
    version: int
    on_entity: str
    derives: str
    target: str
    reads: frozenset[str]
    owed: frozenset[str]
    """Fields of the derived record that say who owes what: lines, amounts, references, the currency."""
    gives_back: frozenset[str]
    follows_drafts: bool
    splits: bool
    _lists: frozenset[str]
    _enabled: bool
    _when: Condition | None
    _split: Callable[[Mapping[str, Any]], Sequence[Part]]
    _readers: Mapping[str, Reader]
    _back: GiveBack | None

    @property
    def definition(self) -> str:
        """Name and version, as records store it."""
        return f"flow.{self.name}@{self.version}"

    def enabled(self, settings: Settings) -> bool:
        """The workspace's word ({"flows": {"<name>": true}}), else the file's."""
        chosen = settings.get("flows")
        said = chosen.get(self.name) if isinstance(chosen, dict) else None
        return said if isinstance(said, bool) else self._enabled

    def applies(self, fields: Mapping[str, JSON]) -> bool:
        """Does an entity with these fields give rise to another?"""
        try:
            return self._when is None or self._when(_plain(fields, self._lists))
        except ValueFault as fault:
            raise self._error("on.when", fault) from fault

    def derive(self, fields: Mapping[str, JSON], settings: Settings, code: str = "") -> list[Document]:
        """The derived records; what the trigger does not state is left out. `code` is a short name of
        the trigger, which statements call `id`."""
        try:
            parts = self._split({**_plain(fields, self._lists), "id": code})
        except ValueFault as fault:
            raise self._error("derive.split_by", fault) from fault
        documents = [Document(name, self._fields(Scope(part, settings))) for name, part in parts]
        return [document for document in documents if not self.splits or document.fields.get("lines") != []]

    def back(self, documents: Sequence[Mapping[str, Any]], settings: Settings) -> dict[str, JSON]:
        """Fields of the trigger, by what the target says of the derived records."""
        if self._back is None or not documents:
            return {}
        try:
            return self._back([_plain(document, self._lists) for document in documents], settings)
        except ValueFault as fault:
            raise self._error("back", fault) from fault

    def _fields(self, scope: Scope) -> dict[str, JSON]:
        made: dict[str, JSON] = {}
        for name, reader in self._readers.items():
            try:
                value = reader(scope)
            except ValueFault as fault:
                raise self._error(name, fault) from fault
            if value is not MISSING:
                made[name] = value
        return made

    def _error(self, place: str, fault: ValueFault) -> MappingError:
        joint = "." if fault.at and not fault.at.startswith("[") else ""
        where = f"flow.{self.name}.{place}{joint}{fault.at}"
        return MappingError(f"{where}: {fault}", field=where)


def _plain(fields: Mapping[str, Any], lists: Collection[str]) -> Mapping[str, Any]:
    """Canonical values are texts, whole numbers, flags, nothing, and where there are lines lists of these."""
    for name, value in fields.items():
        of_lines = type(value) is list and name in lists
        cells = [cell for line in value for cell in _cells(name, line)] if of_lines else [value]
        if not all(cell is None or type(cell) in (str, int, bool) for cell in cells):
            raise ValueFault("a plain value is expected", name)
    return fields


def _cells(name: str, line: Any) -> Iterable[Any]:
    if type(line) is not dict:
        raise ValueFault("a line is expected", name)
    return line.values()


def compile_flow(
    file: FlowFile, models: Mapping[str, EntityModel], mappings: Mapping[str, ObjectMapping]
) -> Flow:
    """Problem tells what is wrong and where in the file."""
    trigger, derived = file.on.entity, file.derive.entity
    for entity, place in ((trigger, ("on", "entity")), (derived, ("derive", "entity"))):
        if entity not in models:
            raise Problem(f"{entity!r} is not an entity; there are: {', '.join(models)}", *place)
    target = mappings.get(file.derive.target)
    if target is None or target.entity != derived:
        raise Problem(f"no mapping of {file.derive.target} to {derived}", "derive", "target")
    _check_key(file)
    extra = ("id", *(PART_NAMES if file.derive.split_by else ()))
    known = Known({**models[trigger].fields, **{name: text_field(name) for name in extra}}, trigger)
    when = known.condition(file.on.when, "on", "when")
    split = _at("derive", lambda: compile_split(file.derive.split_by, known))
    readers = _readers(file, models[derived], known)
    back = _at("back", lambda: compile_back(file.back, models[derived], models[trigger]))
    return Flow(
        name=file.flow,
        version=file.version,
        on_entity=trigger,
        derives=derived,
        target=file.derive.target,
        reads=frozenset(known.used).intersection(models[trigger].fields),
        owed=frozenset(name for name in readers if models[derived].fields[name].format in _OWED),
        gives_back=frozenset(file.back.fields if file.back else ()),
        follows_drafts=file.follow == "while_draft",
        splits=file.derive.split_by is not None,
        _lists=frozenset(
            name for entity in (trigger, derived) for name, one in models[entity].fields.items() if one.fields
        ),
        _enabled=file.enabled,
        _when=when,
        _split=split,
        _readers=readers,
        _back=back,
    )


def _check_key(file: FlowFile) -> None:
    """Identity is the trigger, and the part where there are several: nothing that may change later."""
    wanted = [f"{file.on.entity}.id", *(["part"] if file.derive.split_by else [])]
    if file.derive.key != wanted:
        raise Problem(f"the key is {wanted}", "derive", "key")


def _readers(file: FlowFile, model: EntityModel, known: Known) -> dict[str, Reader]:
    readers = {}
    for name, given in file.derive.fields.items():
        if name not in model.fields:
            raise Problem(f"{name} is not a field of what is derived", "derive", "fields", name)
        field = model.fields[name]
        compiled = compile_lines_of if isinstance(given, DerivedLines) else compile_value
        readers[name] = _at(
            ("derive", "fields", name),
            lambda compiled=compiled, field=field, given=given: compiled(field, given, known),  # type: ignore[misc]
        )
    return readers


def _at(place: str | tuple[str, ...], compile_part: Callable[[], Any]) -> Any:
    """Run a part of the compiler; what is wrong in it is told from the file's top."""
    try:
        return compile_part()
    except Problem as problem:
        above = (place,) if isinstance(place, str) else place
        raise Problem(str(problem), *above, *problem.place) from problem
