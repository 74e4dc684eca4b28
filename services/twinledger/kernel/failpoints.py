"""Kernel: named places where a test may kill, break or stall a process.

`FAIL=name:nth[:kill|raise|stall=SECONDS]`, several by comma; the nth passage acts, `kill` is the
default. One name stands before and one after each await that leaves the process. In an image
(`TWINLEDGER_IMAGE` set by the Dockerfile) `FAIL` has no effect.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from twinledger.kernel.clock import block
from twinledger.kernel.errors import FatalError

__all__ = ["AWAITS", "NAMES", "FailpointReached", "failpoint", "parse_plan"]

AWAITS = frozenset(
    {
        "consumer.fetch",
        "consumer.commit",
        "offsets.load",
        "producer.send",
        "runner.handle",
        "runner.commit",
        "relay.select",
        "relay.send",
        "relay.ack",
        "webhook.append",
        "source.read",
        "source.poll",
        "backfill.step",
        "due_read.take",
        "intent.sending",
        "sink.write",
        "sink.probe",
        "intent.settle",
        "token.mark",
        "token.refresh",
        "token.store",
    }
)
NAMES = frozenset(f"{name}.{side}" for name in AWAITS for side in ("before", "after"))


class FailpointReached(Exception):
    """What `raise` raises: no error of ours, so that it meets the paths of unexpected ones."""


@dataclass(slots=True)
class _Planned:
    nth: int
    action: str
    passed: int = 0


def parse_plan(text: str) -> dict[str, _Planned]:
    """The plan in a `FAIL` value; an unknown name or action stops the process at its start."""
    plan: dict[str, _Planned] = {}
    for entry in filter(None, text.split(",")):
        name, _, rest = entry.strip().partition(":")
        nth, _, action = rest.partition(":")
        action = action or "kill"
        if name not in NAMES or not nth.isdigit():
            raise FatalError(f"FAIL names no failpoint: {entry!r}")
        if action not in ("kill", "raise") and not action.startswith("stall="):
            raise FatalError(f"FAIL knows kill, raise and stall=SECONDS: {entry!r}")
        plan[name] = _Planned(int(nth), action)
    return plan


def failpoint(name: str) -> None:
    """Does nothing unless `FAIL` names this place."""
    if _PLAN and (planned := _PLAN.get(name)) is not None:
        planned.passed += 1
        if planned.passed == planned.nth:
            _act(name, planned.action)


def _act(name: str, action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailpointReached(name)
    block(float(action.removeprefix("stall=")))


def _plan_of(environment: Mapping[str, str]) -> dict[str, _Planned]:
    return {} if environment.get("TWINLEDGER_IMAGE") else parse_plan(environment.get("FAIL", ""))


_PLAN = _plan_of(os.environ)
