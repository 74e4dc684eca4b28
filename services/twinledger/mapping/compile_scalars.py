"""Mapping compiler, fields: one statement about one place -> one lens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinledger.mapping.custom.installed import PREFIX, custom_function
from twinledger.mapping.custom_fields import custom_field_emitter, custom_field_getter
from twinledger.mapping.effects import with_effects
from twinledger.mapping.entity_model import JSON, CanonicalField
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.expressions import Condition, compile_condition
from twinledger.mapping.field_lens import Body, Document, FieldLens, Writing
from twinledger.mapping.functions import FUNCTIONS, ValueFunction
from twinledger.mapping.functions.amounts import read_decimal, with_minor_units
from twinledger.mapping.functions.dates import days_between
from twinledger.mapping.models import CustomField, DaysAfter, ScalarStatement
from twinledger.mapping.paths import MISSING, Path, getter, parse_path, put
from twinledger.mapping.tables import compile_table
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_scalar", "condition_of", "function_named", "functions_of", "path_of", "reader_of"]

_CHECKED_FORMATS = frozenset(("decimal", "date", "currency", "country", "email", "phone", "flag", "language"))
_REFERENCES = ValueFunction(lambda value: value, lambda value: value, "ref")


def compile_scalar(
    canonical: CanonicalField,
    statement: ScalarStatement,
    known: Sequence[str],
    prepare: Callable[[Any], Any] | None = None,
) -> FieldLens:
    """`prepare` sees the vendor's value first: it takes our reference out of a field that carries it."""
    path = path_of(statement.path, "path")
    function = _value_function(canonical, statement)
    emit, keys = _emitter(canonical, statement, path, function)
    return FieldLens(
        field=canonical.path,
        read=_reader(statement, path, function, prepare),
        emit=with_effects(statement.effects, canonical.path, emit),
        normal=_normal(statement, function),
        keys=keys,
        follows=frozenset(filter(None, (statement.money, _offset_start(statement)))),
        write=statement.write,
        phase=statement.phase,
        by_way_of=_by_way_of(statement),
        inline=statement.inline,
        effects=frozenset(statement.effects),
        clearable=_clearable(canonical, statement),
        default=_default(statement),
        condition=condition_of(statement.when, known),
    )


def path_of(text: str, *place: str) -> Path:
    """Path of a statement; a wrong one is told with its place."""
    try:
        return parse_path(text)
    except ValueError as exc:
        raise Problem(str(exc), *place) from exc


def condition_of(source: str | None, known: Sequence[str], *, document: bool = False) -> Condition | None:
    """Condition of a statement's `when`."""
    if source is None:
        return None
    try:
        return compile_condition(source, known, document=document)
    except ValueError as exc:
        raise Problem(str(exc), "when") from exc


def functions_of(canonical: CanonicalField, names: Sequence[str], place: str = "apply") -> ValueFunction:
    """The named functions as one, left to right while reading. The last must give the field's format."""
    if not names and canonical.format not in _CHECKED_FORMATS:
        names = ["text"]
    chain = [function_named(name, place) for name in names]
    if canonical.format in _CHECKED_FORMATS and (not chain or chain[-1].gives != canonical.format):
        fitting = [name for name, function in FUNCTIONS.items() if function.gives == canonical.format]
        raise Problem(f"{canonical.path} is a {canonical.format}; apply one of: {', '.join(fitting)}", place)
    return chain[0] if len(chain) == 1 else _chained(chain)


def _reader(
    statement: ScalarStatement, path: Path, function: ValueFunction, prepare: Callable[[Any], Any] | None
) -> Callable[[Document], Any]:
    if not isinstance(statement.written_as, CustomField):
        return reader_of(path, function.read, prepare)
    get = custom_field_getter(statement.written_as.custom_field)
    return lambda document: MISSING if (value := get(document)) is MISSING else function.read(value)


def function_named(name: str, place: str) -> ValueFunction:
    """A value function of the language, or one of the operator's own."""
    if name.startswith(PREFIX):
        try:
            return custom_function(name)
        except Problem as problem:
            raise Problem(str(problem), place) from problem
    if name not in FUNCTIONS:
        raise Problem(f"{name!r} is not a value function; there are: {', '.join(FUNCTIONS)}", place)
    return FUNCTIONS[name]


def reader_of(
    path: Path, convert: Callable[[Any], Any], prepare: Callable[[Any], Any] | None = None
) -> Callable[[Document], Any]:
    """Reader of a document; what is missing stays missing."""
    get = getter(path)

    def read(document: Document) -> Any:
        value = get(document)
        return MISSING if value is MISSING else convert(value)

    def read_prepared(document: Document) -> Any:
        value = get(document)
        return MISSING if value is MISSING else convert(prepare(value) if prepare else value)

    return read_prepared if prepare else read


def _value_function(canonical: CanonicalField, statement: ScalarStatement) -> ValueFunction:
    if statement.ref is not None:
        if canonical.ref is None:
            raise Problem(f"{canonical.path} refers to nothing", "ref")
        return _reference_reader(statement.ref)
    if canonical.ref is not None:
        raise Problem(f"{canonical.path} refers to {canonical.ref}: give `ref`", "path")
    if statement.table is not None:
        return compile_table(canonical, statement)
    function = functions_of(canonical, statement.apply or (["decimal_text"] if statement.money else []))
    return ValueFunction(_read_money, function.write, "decimal") if statement.money else function


def _emitter(
    canonical: CanonicalField, statement: ScalarStatement, path: Path, function: ValueFunction
) -> tuple[Callable[[Body, Writing], None], frozenset[Path]]:
    field = canonical.path
    if isinstance(statement.written_as, DaysAfter):
        return _offset_emitter(field, statement.written_as)
    if isinstance(statement.written_as, CustomField):
        api_name = statement.written_as.custom_field
        return custom_field_emitter(api_name, field, _to_vendor(statement, function))
    paths = [path, *(path_of(text, "also") for text in statement.also)]
    keys = frozenset(paths)
    to_vendor = _to_vendor(statement, function)
    clearable = _clearable(canonical, statement)
    bodies = statement.bodies
    default = _default(statement)

    def emit(body: Body, writing: Writing) -> None:
        value = writing.fields.get(field, default if writing.creating else MISSING)
        if value is MISSING:
            return
        if value is None:
            if writing.creating or not clearable:
                return
            value = writing.blank
        elif bodies is not None and not writing.creating:
            _put_body(body, bodies, value)
            return
        else:
            value = to_vendor(value, writing)
        for target in paths:
            put(body, target, value)

    return emit, keys


def _by_way_of(statement: ScalarStatement) -> Mapping[Any, JSON]:
    for step in statement.by_way_of.values():
        if step not in (statement.bodies or {}):
            raise Problem(f"no body brings a record to {step!r}", "by_way_of")
    return dict(statement.by_way_of)


def _put_body(body: Body, bodies: Mapping[Any, Mapping[str, Any]], value: Any) -> None:
    if value not in bodies:
        raise ValueFault(f"the vendor has no call that makes it {value!r}")
    body.update(bodies[value])


def _to_vendor(statement: ScalarStatement, function: ValueFunction) -> Callable[[Any, Writing], Any]:
    if statement.ref is not None:
        return _reference_writer(statement.ref, as_integer=statement.id == "integer")
    if statement.money is not None:
        currency = statement.money

        def money(value: Any, writing: Writing) -> Any:
            code = writing.record.get(currency)
            amount = {"amount": with_minor_units(value)}
            return amount if code is None else amount | {"code": code}

        return money
    return lambda value, writing: function.write(value)


def _reference_reader(object_name: str) -> ValueFunction:
    def read(value: Any) -> str | None:
        if value is None or value in ("", 0, "0"):
            return None
        if type(value) is int or type(value) is str:
            return f"{object_name}/{value}"
        raise ValueFault("an id is expected")

    return ValueFunction(read, lambda value: value, "ref")


def _reference_writer(object_name: str, *, as_integer: bool) -> Callable[[Any, Writing], Any]:
    own = f"{object_name}/"

    def write(value: Any, writing: Writing) -> Any:
        external_id = value.removeprefix(own) if value.startswith(own) else writing.resolve(value)
        if not as_integer:
            return external_id
        if not (external_id.isascii() and external_id.isdigit()):
            raise ValueFault("the vendor's id is a whole number")
        return int(external_id)

    return write


def _read_money(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not dict:
        raise ValueFault("an amount with its currency is expected")
    return read_decimal(value.get("amount"))


def _offset_emitter(field: str, given: DaysAfter) -> tuple[Callable[[Body, Writing], None], frozenset[Path]]:
    start_field = given.days_after
    path = path_of(given.path, "written_as", "path")

    def emit(body: Body, writing: Writing) -> None:
        end, start = writing.fields.get(field), writing.fields.get(start_field)
        if isinstance(end, str) and isinstance(start, str):
            days = days_between(start, end)
            if days < 0:
                raise ValueFault(f"is before {start_field}")
            put(body, path, days)

    return emit, frozenset((path,))


def _offset_start(statement: ScalarStatement) -> str | None:
    return statement.written_as.days_after if isinstance(statement.written_as, DaysAfter) else None


def _clearable(canonical: CanonicalField, statement: ScalarStatement) -> bool:
    if statement.ref is not None:
        return statement.id == "text"
    special = statement.table or statement.money or isinstance(statement.written_as, DaysAfter)
    return not special and canonical.format not in ("decimal", "flag")


def _default(statement: ScalarStatement) -> Any:
    return MISSING if statement.default is None else statement.default


def _normal(statement: ScalarStatement, function: ValueFunction) -> Callable[[JSON], JSON]:
    if statement.ref is not None:
        return lambda value: value
    if statement.money is not None:
        return read_decimal
    if statement.bodies is not None:
        return lambda value: value  # written by name, read back as that name
    read, write = function.read, function.write
    return lambda value: None if value is None else read(write(value))


def _chained(chain: Sequence[ValueFunction]) -> ValueFunction:
    def read(value: Any) -> Any:
        for function in chain:
            value = function.read(value)
        return value

    def write(value: Any) -> Any:
        for function in reversed(chain):
            value = function.write(value)
        return value

    return ValueFunction(read, write, chain[-1].gives)
