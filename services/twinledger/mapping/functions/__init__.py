"""Mapping: the named value functions of the language, each a pair for both directions.

A function is total: it takes any JSON value and returns a canonical value or raises ValueFault.
`gives` names the canonical format it produces; a field whose schema demands a format accepts only
functions that give it. A new function is one entry here and one case in a mapping's cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.mapping.functions.amounts import canonical_decimal, read_decimal, to_decimal
from twinledger.mapping.functions.dates import read_date, read_instant
from twinledger.mapping.functions.phones import read_phone
from twinledger.mapping.functions.places import country_name, read_country
from twinledger.mapping.functions.texts import (
    read_currency,
    read_email,
    read_flag,
    read_language,
    read_one_line,
    read_text,
    read_trimmed,
)

__all__ = ["FUNCTIONS", "ValueFunction", "canonical_decimal", "read_instant"]


@dataclass(frozen=True, slots=True)
class ValueFunction:
    """`read`: vendor value -> canonical; `write`: canonical, never None -> vendor value."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    gives: str = "text"


def _same(value: Any) -> Any:
    return value


FUNCTIONS: Mapping[str, ValueFunction] = {
    "text": ValueFunction(read_text, _same),
    "trim": ValueFunction(read_trimmed, _same),
    "one_line": ValueFunction(read_one_line, _same),
    "flag": ValueFunction(read_flag, _same, "flag"),
    "email": ValueFunction(read_email, _same, "email"),
    "e164": ValueFunction(read_phone, _same, "phone"),
    "language": ValueFunction(read_language, _same, "language"),
    "iso_4217": ValueFunction(read_currency, _same, "currency"),
    "country_alpha2": ValueFunction(read_country, country_name, "country"),
    "date": ValueFunction(read_date, _same, "date"),
    "decimal": ValueFunction(read_decimal, to_decimal, "decimal"),
    "decimal_text": ValueFunction(read_decimal, _same, "decimal"),
}
