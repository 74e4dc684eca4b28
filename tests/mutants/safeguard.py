"""Mutants: one safeguard, the passage that is weakened and the tests that must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["BASE", "ENRICH", "LOADER", "ROAD", "STATE", "STEPS", "Safeguard", "in_migrations"]

ENRICH = "tests/integration/enrich/"
LOADER = "tests/integration/loader/"
ROAD = "tests/integration/road/"
STATE = "tests/integration/state/"
STEPS = "tests/unit/enrich/steps/"
BASE = "tests/unit/connectors/base/"
_MIGRATIONS = ("twinledger.kernel.database", 'path.read_text(encoding="utf-8")')


@dataclass(frozen=True, slots=True)
class Safeguard:
    """`module` holds `passage` once."""

    name: str
    tests: Sequence[str]
    module: str
    passage: str
    instead: str


def in_migrations(name: str, test: str, passage: str, instead: str) -> Safeguard:
    """One that is in the migrations, weakened as they are read."""
    module, read = _MIGRATIONS
    return Safeguard(name, [test], module, read, f"{read}.replace({passage!r}, {instead!r})")
