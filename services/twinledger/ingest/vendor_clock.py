"""Ingest, reading: how far a vendor's clock is behind ours at most, told by the freshest stamps it has shown.

A stamp has whole seconds: whether a later change can hide behind it depends on the vendor's time of the read,
which no answer tells. An answer here so long after its stamp proves that the clock is behind by no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["MOST_BEHIND", "SECOND_IS_OVER", "VendorClock"]

MOST_BEHIND = timedelta(minutes=10)
"""Assumed of a vendor that has shown nothing yet."""
SECOND_IS_OVER = timedelta(seconds=2)
"""The second that a stamp names, and the one in which it was read."""
_HOLDS_FOR = timedelta(hours=1)


@dataclass(slots=True)
class VendorClock:
    """One vendor's, as one reader has come to know it; what it was told an hour ago counts no more."""

    _behind: timedelta = MOST_BEHIND
    _told_at: datetime | None = None

    def shows(self, stamp: datetime, answered_at: datetime) -> None:
        """An answer that was here at `answered_at`, by our clock, showed this stamp. Not the beginning of the
        read: the stamp may have been made while a slow one was on its way."""
        behind = max(answered_at - stamp, timedelta(0))
        is_old = self._told_at is not None and answered_at - self._told_at > _HOLDS_FOR
        if is_old or behind <= self._behind:
            self._behind, self._told_at = min(behind, MOST_BEHIND), answered_at

    def is_past(self, stamp: datetime, read_at: datetime) -> bool:
        """The read surely began after the second that the stamp names."""
        return read_at >= stamp + SECOND_IS_OVER + self._behind
