"""Mapping compiler, tables: a closed list of a vendor's values and what they mean.

`otherwise` is what any other value means; without it an unlisted value is refused. `reverse` says
what to write for a meaning that no listed value has: a declared loss.
"""

from __future__ import annotations

from typing import Any

from twinledger.mapping.entity_model import CanonicalField
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.functions import ValueFunction
from twinledger.mapping.functions.texts import read_text
from twinledger.mapping.models import ScalarStatement
from twinledger.mapping.yaml_source import Problem

__all__ = ["compile_table"]


def compile_table(canonical: CanonicalField, statement: ScalarStatement) -> ValueFunction:
    """Both directions of a table."""
    table = statement.table or {}
    otherwise = statement.otherwise
    _check_meanings(canonical, statement)
    meanings = {_key(value): meaning for value, meaning in table.items()}
    values: dict[Any, Any] = {}
    for value, meaning in table.items():
        values.setdefault(meaning, value)
    values |= statement.reverse

    def read(value: Any) -> Any:
        value = read_text(value) if type(value) is str else value
        if value is None:
            return None
        meaning = meanings.get(_key(value), otherwise)
        if meaning is None:
            raise ValueFault("the value is not in the table")
        return meaning

    def write(meaning: Any) -> Any:
        if meaning not in values:
            raise ValueFault("the vendor has no value for it")
        return values[meaning]

    return ValueFunction(read, write, canonical.format)


def _check_meanings(canonical: CanonicalField, statement: ScalarStatement) -> None:
    allowed: tuple[Any, ...] = (True, False) if canonical.format == "flag" else canonical.values
    table = statement.table or {}
    meanings = [*table.values(), *([] if statement.otherwise is None else [statement.otherwise])]
    wrong = [meaning for meaning in [*meanings, *statement.reverse] if allowed and meaning not in allowed]
    if wrong:
        raise Problem(
            f"{wrong[0]!r} is not a value of {canonical.path}: {', '.join(map(str, allowed))}", "table"
        )
    if unlisted := [value for value in statement.reverse.values() if value not in table]:
        raise Problem(f"{unlisted[0]!r} is not in the table", "reverse")


def _key(value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is int or type(value) is bool:
        return str(value).lower()
    raise ValueFault("a plain value is expected")
