"""Sandbox: scripted faults, matched per call and applied around the handler by the gateway.

Off by default. A fault hits the `nth` matching call and the following ones, `times` in all; with
`rate` it hits each matching call with that probability, from the seed.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Any

__all__ = ["FAULT_NAMES", "Fault", "FaultError", "Faults"]

FAULT_NAMES = (
    "status_before",
    "status_after",
    "timeout_after",
    "reset_mid_body",
    "truncate",
    "html",
    "drip",
    "lag",
    "shift",
    "revoke",
)
_TAKES_NUMBER = {"status_before", "status_after", "drip", "lag", "shift"}


class FaultError(ValueError):
    """A fault script that cannot be understood."""


@dataclass(slots=True)
class Fault:
    id: str
    system: str | None
    method: str | None
    path: str | None
    name: str
    amount: float
    nth: int = 1
    times: int | None = 1
    rate: float | None = None
    seen: int = 0
    hits: int = 0

    @property
    def text(self) -> str:
        return f"{self.name}:{self.amount:g}" if self.name in _TAKES_NUMBER else self.name

    def matches(self, system: str, method: str, path: str) -> bool:
        return (
            (self.system is None or self.system == system)
            and (self.method is None or self.method == method)
            and (self.path is None or _path_matches(self.path, path))
        )

    def strikes(self, dice: Random) -> bool:
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.hits >= self.times):
            return False
        if self.rate is not None and dice.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "system": self.system,
            "match": {"method": self.method, "path": self.path},
            "nth": self.nth,
            "times": self.times,
            "rate": self.rate,
            "fault": self.text,
            "seen": self.seen,
            "hits": self.hits,
        }


class Faults:
    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._active: dict[str, Fault] = {}
        self._next_id = 1

    def add(self, script: dict[str, Any]) -> Fault:
        name, amount = _parse(script.get("fault"))
        match = script.get("match") or {}
        if not isinstance(match, dict):
            raise FaultError("match is an object with method and path")
        times = script.get("times", 1)
        fault = Fault(
            id=str(self._next_id),
            system=script.get("system"),
            method=str(match["method"]).upper() if match.get("method") else None,
            path=match.get("path"),
            name=name,
            amount=amount,
            nth=max(1, int(script.get("nth") or 1)),
            times=None if times in (None, 0) else int(times),
            rate=None if script.get("rate") is None else float(script["rate"]),
        )
        self._next_id += 1
        self._active[fault.id] = fault
        return fault

    def remove(self, fault_id: str) -> bool:
        return self._active.pop(fault_id, None) is not None

    def clear(self) -> None:
        self._active.clear()

    def strike(self, system: str, method: str, path: str) -> Fault | None:
        """The fault that hits this call, if any; every matching script counts the call."""
        struck = None
        for fault in self._active.values():
            if fault.matches(system, method, path) and struck is None and fault.strikes(self._dice):
                struck = fault
        return struck

    def rows(self) -> list[dict[str, Any]]:
        return [fault.row() for fault in self._active.values()]


def _parse(text: Any) -> tuple[str, float]:
    if not isinstance(text, str):
        raise FaultError("fault is missing")
    name, _, amount = text.partition(":")
    if name not in FAULT_NAMES:
        raise FaultError(f"fault is one of {', '.join(FAULT_NAMES)}, not {name!r}")
    if name not in _TAKES_NUMBER:
        return name, 0.0
    try:
        number = float(amount)
    except ValueError as exc:
        raise FaultError(f"{name} takes a number: {name}:NUMBER") from exc
    if (number < 0 and name != "shift") or (name.startswith("status") and not 200 <= number <= 599):
        raise FaultError(f"{amount} is no {name}")
    return name, number


def _path_matches(pattern: str, path: str) -> bool:
    """Exact, with `*` wildcards, or a template such as `/contacts/{id}`; a query is never looked at."""
    pattern = pattern.split("?", 1)[0]
    if "{" in pattern:
        pattern = re.sub(r"\{[^/}]+\}", "*", pattern)
    return fnmatchcase(path.rstrip("/"), pattern.rstrip("/")) or fnmatchcase(path, pattern)
