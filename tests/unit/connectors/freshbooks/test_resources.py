"""When a record of FreshBooks last changed, from a zoneless Eastern time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twinledger.connectors.freshbooks.resources import stamp, version


@pytest.mark.parametrize(
    ("updated", "utc", "is_certain"),
    [
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 16, tzinfo=UTC), True),
        ("2026-12-01 12:00:00", datetime(2026, 12, 1, 17, tzinfo=UTC), True),
        pytest.param(
            "2026-11-01 01:30:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), False, id="named twice"
        ),
        ("2026-11-01 00:59:59", datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC), True),
        ("2026-11-01 02:00:00", datetime(2026, 11, 1, 7, tzinfo=UTC), True),
    ],
)
def test_a_time_named_twice_is_no_version(updated: str, utc: datetime, is_certain: bool) -> None:
    record = {"updated": updated}
    assert stamp(record) == utc
    assert version(record) == (utc if is_certain else None)


@pytest.mark.parametrize("record", [{}, {"updated": None}, {"updated": "soon"}])
def test_without_a_time_there_is_none(record: dict[str, object]) -> None:
    assert stamp(record) is None and version(record) is None
