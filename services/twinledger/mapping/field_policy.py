"""Mapping: the policy of a field, as a sync rule states it: whose changes count, and how they are joined.

Parsed here and checked against the field it is for; enrich judges each edit by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from twinledger.mapping.entity_model import CanonicalField
from twinledger.mapping.yaml_source import Problem

__all__ = ["FieldPolicy", "parse_policy"]

PolicyKind: TypeAlias = Literal["lww", "owner", "write_once", "computed", "manual", "delta", "set", "lattice"]

_FORM = re.compile(r"(lww|write_once|computed|manual|delta|set)|(owner|set|lattice)\(([^()]+)\)")
_FORMS = (
    "lww, owner(<system>), owner(<system>, tolerate), write_once, computed, manual, delta, set,"
    " set(<part>), lattice(<state> < <state>, <state>: <system>)"
)


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """How changes of a field are judged.

    lww: the last writer wins. owner: only that system's changes count; others are put back, or left
    where they are (`tolerate`). write_once: accepted while empty. computed: every system works it out
    itself, never written. manual: a person chooses. delta: what each side added is added up. set: what
    each side added or took away; `key` is the part by which records of the set are the same one.
    lattice: states only rise in `order`; those in `reserved` are entered and left by their system alone.
    """

    kind: PolicyKind
    owner: str | None = None
    tolerate: bool = False
    key: str | None = None
    order: Sequence[str] = ()
    reserved: Mapping[str, str] = field(default_factory=dict)

    def may_follow(self, current: str | None, value: str | None, system: str) -> bool:
        """May `system` take a record from state `current` to `value`?"""
        for state in (current, value):
            if state is not None and state in self.reserved:
                return self.reserved[state] == system
        return self._rank(value) > self._rank(current)

    def _rank(self, state: str | None) -> int:
        return self.order.index(state) if state in self.order else -1


def parse_policy(text: str, canonical: CanonicalField, systems: Collection[str]) -> FieldPolicy:
    """Problem tells what is wrong with `text`; `systems` are those that hold the entity."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise Problem(f"{text!r} is none of {_FORMS}")
    plain, kind, inside = match[1], match[2], match[3]
    if kind == "owner":
        return _owner(inside, systems)
    if kind == "lattice":
        return _lattice(inside, canonical, systems)
    if kind == "set" or plain == "set":
        return _set(inside, canonical)
    if plain == "delta" and canonical.format != "decimal":
        raise Problem(f"delta adds up numbers, {canonical.path} is a {canonical.format}")
    return FieldPolicy(plain)  # type: ignore[arg-type] # the pattern lists the kinds


def _owner(inside: str, systems: Collection[str]) -> FieldPolicy:
    system, comma, mode = (part.strip() for part in inside.partition(","))
    if comma and mode != "tolerate":
        raise Problem(f"{mode!r} is not tolerate")
    return FieldPolicy("owner", _holder(system, systems), tolerate=bool(comma))


def _holder(system: str, systems: Collection[str]) -> str:
    if system not in systems:
        raise Problem(f"{system} does not hold this entity")
    return system


def _set(key: str | None, canonical: CanonicalField) -> FieldPolicy:
    """Records need a part that says which is which; texts are themselves."""
    parts = canonical.fields or {}
    if canonical.fields is None and (key is not None or canonical.format != "texts"):
        raise Problem(f"{canonical.path} is a {canonical.format}, not a set of texts")
    if canonical.fields is not None and key not in parts:
        raise Problem(f"set(<part>): one of {', '.join(parts)} tells the records of {canonical.path} apart")
    return FieldPolicy("set", key=key)


def _lattice(inside: str, canonical: CanonicalField, systems: Collection[str]) -> FieldPolicy:
    chain, *rest = inside.split(",")
    order = tuple(state.strip() for state in chain.split("<"))
    reserved = {}
    for text in rest:
        state, _, system = (part.strip() for part in text.partition(":"))
        reserved[state] = _holder(system, systems)
    named = [*order, *reserved]
    if sorted(named) != sorted(canonical.values):
        raise Problem(f"a lattice names each state of {canonical.path} once: {', '.join(canonical.values)}")
    return FieldPolicy("lattice", order=order, reserved=reserved)
