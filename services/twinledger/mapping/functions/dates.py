"""Mapping functions: dates, and the instants of vendor stamps with or without a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from twinledger.mapping.errors import ValueFault

__all__ = ["days_between", "plus_days", "read_date", "read_instant"]


def read_date(value: Any) -> str | None:
    """YYYY-MM-DD of a real day."""
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise ValueFault("a date YYYY-MM-DD is expected")
    return _checked_date(value)


@lru_cache(maxsize=4096)
def _checked_date(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    try:
        if len(stripped) == 10:
            return date.fromisoformat(stripped).isoformat()
    except ValueError:
        pass
    raise ValueFault("a date YYYY-MM-DD is expected")


def days_between(start: str, end: str) -> int:
    """Whole days from one canonical date to another."""
    return (date.fromisoformat(end) - date.fromisoformat(start)).days


def plus_days(start: str, days: int) -> str:
    """The canonical date that many days later."""
    return (date.fromisoformat(start) + timedelta(days=days)).isoformat()


def read_instant(value: Any, zone: ZoneInfo | None) -> datetime | None:
    """Aware UTC instant. None for a zoneless stamp inside autumn's repeated hour, which names two
    instants: such records are ordered by our read alone."""
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise ValueFault("a time is expected")
    return _instant(value, zone)


@lru_cache(maxsize=4096)
def _instant(text: str, zone: ZoneInfo | None) -> datetime | None:
    try:
        stamp = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueFault("a time is expected") from None
    if stamp.tzinfo is not None:
        return _in_utc(stamp)
    if zone is None:
        raise ValueFault("a time with its zone is expected")
    local = stamp.replace(tzinfo=zone)
    first, second = _in_utc(local), _in_utc(local.replace(fold=1))
    # In spring's gap the second reading comes out earlier; only a repeated hour is ambiguous.
    return None if first < second else first


def _in_utc(stamp: datetime) -> datetime:
    try:
        return stamp.astimezone(UTC)
    except OverflowError:
        raise ValueFault("a time is expected") from None
