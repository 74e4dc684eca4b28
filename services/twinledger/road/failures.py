"""Road: what an exception in a step amounts to, and how long a record waits before the next trial."""

from __future__ import annotations

import random
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from twinledger.kernel.errors import ErrorClass, PermanentError, TwinledgerError
from twinledger.road.outcome import DeadLetter, Retry
from twinledger.road.parking import Wait

__all__ = ["WAITS_S", "WaitLadder", "verdict_on"]

WAITS_S = (1.0, 5.0, 30.0, 120.0, 600.0)


def verdict_on(error: Exception) -> DeadLetter:
    """A dead letter with class and frames; an exception's text may hold data, so only ours is kept."""
    if isinstance(error, PermanentError):
        return replace(DeadLetter.of(error), stacktrace=_frames(error))
    known = str(error) if isinstance(error, TwinledgerError) else "unexpected exception"
    return DeadLetter("bug", "bug", known, type(error).__qualname__, stacktrace=_frames(error))


class WaitLadder:
    """Waits that grow, with full jitter; the end of the ladder is a dead letter."""

    def __init__(self, rng: random.Random, waits_s: Sequence[float] = WAITS_S) -> None:
        self._rng, self._waits_s = rng, waits_s

    def wait(self, retry: Retry, step: int) -> Wait | DeadLetter:
        """A wait that the step named itself takes no rung."""
        if retry.delay_s is not None:
            return Wait(retry.reason, retry.delay_s, retry.waits_for, step)
        if step < len(self._waits_s):
            return Wait(retry.reason, self._rng.uniform(0, self._waits_s[step]), retry.waits_for, step + 1)
        if retry.waits_for is not None:
            message = f"still missing after {step} trials: {retry.reason}"
            return DeadLetter("dependency-missing", "parent_missing", message)
        return DeadLetter("upstream-exhausted", _class_of(retry.reason), f"{step} trials: {retry.reason}")


def _class_of(reason: str) -> ErrorClass:
    return next((known for known in get_args(ErrorClass) if known == reason), "target_down")


def _frames(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return "\n".join(f"{f.filename.rpartition('/')[2]} {f.name}:{f.lineno}" for f in frames)
