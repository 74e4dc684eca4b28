"""Kernel: finds the files that ship beside the code, in an installed wheel or in a checkout."""

from __future__ import annotations

from pathlib import Path

import twinledger
from twinledger.kernel.errors import FatalError

__all__ = ["kafka_dir", "migrations_dir", "schema_dir"]


def schema_dir() -> Path:
    """The Avro schemas and their id lock file."""
    return _find("schemas", "schemas")


def migrations_dir() -> Path:
    """The ordered SQL files of the database."""
    return _find("migrations", "deploy/postgres/migrations")


def kafka_dir() -> Path:
    """What the development broker needs: pinned Maven coordinates and server settings."""
    return _find("kafka", "deploy/kafka")


def _find(in_wheel: str, in_checkout: str) -> Path:
    package = Path(twinledger.__file__).parent
    for candidate in (package / "_data" / in_wheel, package.parents[1] / in_checkout):
        if candidate.is_dir():
            return candidate
    raise FatalError(f"{in_checkout} is missing beside {package}; try: reinstall the package")
