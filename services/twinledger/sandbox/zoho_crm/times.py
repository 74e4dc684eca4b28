"""Sandbox, Zoho CRM: times. Whole seconds inside, the organization's offset outside, any read."""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ["parse_date", "parse_time", "shown"]


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def shown(moment: float, zone: str) -> str:
    """`2024-12-20T10:09:52+03:00`: never `Z`, no fractions."""
    return datetime.fromtimestamp(int(moment), _zone(zone)).isoformat()


def parse_time(text: object, zone: str) -> int | None:
    """None for what is no date-time; one without offset is meant in the organization's zone."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1900 <= moment.year <= 2999:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(zone))
    return int(moment.timestamp())


def parse_date(text: object) -> str | None:
    if not isinstance(text, str) or len(text) != 10:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
