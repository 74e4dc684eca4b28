"""Sandbox: the append-only ledger, the oracle of every test.

`request` = a call over a vendor's API with all it applied; `effect` = one applied change, written at the
moment it took effect (before its request is answered, or although it never is); `act` = a person's change.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from .clock import Clock, iso_utc
from .indexes import packed

__all__ = ["Ledger", "Touched"]

Touched = dict[str, str]  # {"object", "id", "op"}


class Ledger:
    """Lines are kept encoded: small in memory, and nobody can edit them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: list[bytes] = []
        self._marks: list[tuple[str, str]] = []

    def append(
        self,
        kind: str,
        system: str,
        method: str | None,
        path: str | None,
        query: Mapping[str, Any] | None,
        body: Any,
        status: int | None,
        objects: Sequence[Touched],
        fault: str | None = None,
    ) -> None:
        line = {
            "seq": len(self._lines) + 1,
            "at": iso_utc(self._clock.now()),
            "kind": kind,
            "system": system,
            "method": method,
            "path": path,
            "query": query or {},
            "body": body,
            "status": status,
            "objects": objects,
            "fault": fault,
        }
        self._lines.append(packed(line))
        self._marks.append((kind, system))

    def read(self, after: int = 0, kind: str | None = None, system: str | None = None) -> Iterator[bytes]:
        for index in range(max(0, after), len(self._lines)):
            mark = self._marks[index]
            if (kind is None or mark[0] == kind) and (system is None or mark[1] == system):
                yield self._lines[index]

    def __len__(self) -> int:
        return len(self._lines)

    def dump(self) -> Any:
        return [line.decode() for line in self._lines]

    def load(self, state: Any) -> None:
        self._lines = [text.encode() for text in state]
        lines = (orjson.loads(text) for text in self._lines)
        self._marks = [(line["kind"], line["system"]) for line in lines]
