"""Strategies: canonical values of every format, and entities made of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from twinledger.mapping.entity_model import CanonicalField, entity_models
from twinledger.mapping.functions import FUNCTIONS, canonical_decimal

__all__ = ["entities", "json_values", "raw_texts"]

ENTITY_IDS = [f"entity:{UUID(int=number)}" for number in range(1, 4)]

raw_texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", " ", "a\r\nb", "\x00", "Å", "A\u030a", "TL-", "x TL-ABC", "İ", "ß "]),
)


@lru_cache
def json_values() -> st.SearchStrategy[Any]:
    """Anything a decoded document may hold."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.decimals(allow_nan=False, allow_infinity=False),
        raw_texts,
        st.sampled_from(["USD", "2026-03-05", "2026-03-05 10:00:00", "12.50", "0%", "active", "draft"]),
    )
    flat = st.lists(scalars, max_size=2) | st.dictionaries(st.sampled_from(["id", "amount", "code"]), scalars)
    return scalars | flat | st.lists(flat, max_size=2)


@lru_cache
def entities(entity: str) -> st.SearchStrategy[dict[str, Any]]:
    """Field maps as enrich holds them: references are entities, some fields are not stated."""
    stated = {path: _values(field) for path, field in entity_models()[entity].fields.items()}
    return st.fixed_dictionaries({}, optional=stated).map(_sensible)


def _sensible(fields: dict[str, Any]) -> dict[str, Any]:
    """Due means: days after a date; what lines come to is no number of its own (tests/money)."""
    for computed in ("charged", "allocations"):
        fields.pop(computed, None)
    if not fields.get("date"):
        fields.pop("due_date", None)
    return fields


def _values(field: CanonicalField) -> st.SearchStrategy[Any]:
    if field.fields is not None:
        line = st.fixed_dictionaries({path: _values(part) for path, part in field.fields.items()})
        return st.lists(line, max_size=3)
    if field.values:
        return st.sampled_from(field.values)
    return st.none() | _FORMATS[field.format]


def _canonical(function: str, raw: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return raw.map(FUNCTIONS[function].read).filter(lambda value: value is not None)


_FORMATS: dict[str, st.SearchStrategy[Any]] = {
    "text": _canonical("trim", raw_texts),
    "email": _canonical("email", raw_texts | st.emails()),
    "phone": _canonical("e164", raw_texts | st.sampled_from(["+12075550142", "+34910123456 x5", "555 0100"])),
    "language": _canonical("language", st.sampled_from(["en", "FR", "pt-br"])),
    "currency": st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
    "country": _canonical("country_alpha2", raw_texts | st.sampled_from(["US", "KR", "TW", "CI", "XK"])),
    "date": st.dates().map(lambda day: day.isoformat()),
    "decimal": st.decimals(min_value=-(10**9), max_value=10**9, places=4).map(canonical_decimal),
    "flag": st.booleans(),
    "ref": st.sampled_from(ENTITY_IDS),
}
