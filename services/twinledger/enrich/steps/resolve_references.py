"""Enrich, step 3 of 6: replaces the vendor's ids in an observation by entity ids.

In: Observed    Out: Observed with "entity:<uuid>" references, or Retry while a parent is unknown

A parent is named either by its id at the vendor ("freshbooks.client/24018") or, where the vendor
keeps none, by its natural key ("tax?name=Sales Tax&percent=5.5").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.line_taxes import SECOND, in_order
from twinledger.road.outcome import Ok, Retry
from twinledger.state.records import ExternalKey

__all__ = ["named_keys", "named_natural_keys", "resolve_references"]

ENTITY_PREFIX = "entity:"


def resolve_references(observed: Observed, refs: Sequence[str], state: BatchState) -> Ok[Observed] | Retry:
    """`refs` are the paths that hold references: "customer", or "lines.item" inside each line."""
    fields = dict(observed.fields)
    for path in refs:
        outer, _, inner = path.partition(".")
        value = fields.get(outer)
        if value is None:
            continue
        resolved, missing = _in_lines(value, inner, state) if inner else _one(value, state)
        if missing is not None:
            key = external_key(missing)
            if key is not None:
                state.wanted.add(key)
            return Retry(reason="parent_missing", waits_for=missing)
        fields[outer] = [in_order(line) for line in resolved] if inner == SECOND else resolved
    return Ok(replace(observed, fields=fields))


def _in_lines(lines: list[dict[str, Any]], inner: str, state: BatchState) -> tuple[Any, str | None]:
    resolved = []
    for line in lines:
        value = line.get(inner)
        if value is None:
            resolved.append(line)
            continue
        entity, missing = _one(value, state)
        if missing is not None:
            return [], missing
        resolved.append({**line, inner: entity})
    return resolved, None


def _one(value: str, state: BatchState) -> tuple[Any, str | None]:
    if value.startswith(ENTITY_PREFIX):
        return value, None
    entity_id = _entity_named(value, state)
    return (f"{ENTITY_PREFIX}{entity_id}", None) if entity_id else ("", value)


def _entity_named(value: str, state: BatchState) -> UUID | None:
    key = external_key(value)
    if key is not None:
        return state.entity_of(key)
    found = state.matches.get(value)
    return min(found) if found else None


def external_key(value: str) -> ExternalKey | None:
    """ "freshbooks.client/24018" -> its key; None for a natural key."""
    head, slash, _ = value.partition("/")
    return ExternalKey.parse(value) if slash and "?" not in head else None


def _named(observed: Observed, refs: Sequence[str]) -> Iterator[str]:
    for path in refs:
        outer, _, inner = path.partition(".")
        value = observed.fields.get(outer)
        if value is None:
            continue
        names = [line.get(inner) for line in value] if inner else [value]
        yield from (name for name in names if name is not None)


def named_keys(observed: Observed, refs: Sequence[str]) -> set[ExternalKey]:
    """Every external id the observation refers to, for one look-up per batch."""
    keys = (external_key(name) for name in _named(observed, refs))
    return {key for key in keys if key is not None}


def named_natural_keys(observed: Observed, refs: Sequence[str]) -> set[str]:
    """Every natural key the observation refers to."""
    return {name for name in _named(observed, refs) if external_key(name) is None}
