"""Kernel: writes that leave together, as one statement: a round trip costs more than such a write does."""

from __future__ import annotations

import re
from typing import Any, Protocol

from twinledger.kernel.database import Connection

__all__ = ["Writer", "Writes"]

_PLACE = re.compile(r"\$(\d+)")


class Writer(Protocol):
    """A connection, or what gathers for one."""

    async def execute(self, query: str, *args: Any) -> object: ...


class Writes:
    """Gathers what it is told to execute until it is sent.

    For data-modifying statements to rows of their own, that do not begin with `with` themselves: all see
    the tables as they were before any of them (PostgreSQL, 7.8.4 "Data-Modifying Statements in WITH").
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._args: list[Any] = []

    async def execute(self, query: str, *args: Any) -> None:
        """Send it later, with the others."""
        before = len(self._args)
        part = _PLACE.sub(lambda place: f"${before + int(place[1])}", query)
        self._parts.append(f"w{len(self._parts)} as ({part})")
        self._args += args

    async def send(self, connection: Connection) -> None:
        """All of them."""
        if self._parts:
            await connection.execute(f"with {', '.join(self._parts)} select", *self._args)
