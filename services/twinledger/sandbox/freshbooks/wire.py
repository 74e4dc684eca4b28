"""FreshBooks on the wire: its times (zoneless US/Eastern, UTC with and without Z), money, percents.

Sheet 3.0.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

__all__ = [
    "add_days",
    "amount_of",
    "decimal_of",
    "eastern",
    "eastern_micro",
    "iso_bare",
    "iso_z",
    "money",
    "plain",
    "round_money",
    "today",
    "utc_bare",
]

EASTERN = ZoneInfo("America/New_York")
CENT = Decimal("0.01")


def eastern(moment: float) -> str:
    """`2026-03-04 15:15:09`, US/Eastern: accounting date-times."""
    return datetime.fromtimestamp(int(moment), EASTERN).strftime("%Y-%m-%d %H:%M:%S")


def eastern_micro(moment: float) -> str:
    return datetime.fromtimestamp(moment, EASTERN).strftime("%Y-%m-%d %H:%M:%S.%f")


def utc_bare(moment: float) -> str:
    """The same form in UTC: signup_date, bills, bill vendors."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso_z(moment: float) -> str:
    """`2026-03-09T15:31:02Z`: time entries, identity, events."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_bare(moment: float) -> str:
    """`2026-03-04T20:40:00`, UTC without a Z: projects."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def today(moment: float) -> date:
    return datetime.fromtimestamp(moment, EASTERN).date()


def add_days(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def decimal_of(value: Any) -> Decimal | None:
    """A finite number from text or number, else None. Floats go by their shortest text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal("1e15") else None


def plain(number: Decimal) -> str:
    """Without exponent and idle zeros: `5.5`, `2`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_money(number: Decimal) -> Decimal:
    return number.quantize(CENT, ROUND_HALF_UP)


def money(number: Decimal, code: str) -> dict[str, str]:
    return {"amount": f"{round_money(number):f}", "code": code}


def amount_of(value: Any) -> Decimal:
    """The number inside a money object of ours."""
    return Decimal(value["amount"]) if value else Decimal(0)
