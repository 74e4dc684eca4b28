"""What an error means for a write, and what a bare status means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twinledger.connectors.base.contract import NotApplied, UnknownOutcome
from twinledger.connectors.base.outcomes import by_status, outcome, retry_after_s
from twinledger.kernel.errors import OutcomeUnknown, PermanentError, TransientError, TwinledgerError

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (TransientError("x", error_class="network", sent=True), True),
        (TransientError("x", error_class="network", sent=False), False),
        (TransientError("x", error_class="rate_limited"), False),
        (PermanentError("x", error_class="validation"), False),
        (OutcomeUnknown("x"), True),
    ],
)
def test_only_what_may_have_been_applied_is_unknown(error: TwinledgerError, unknown: bool) -> None:
    answer = outcome(error)
    assert isinstance(answer, UnknownOutcome) is unknown
    assert isinstance(answer, NotApplied) is not unknown


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (401, "auth_expired"),
        (429, "rate_limited"),
        (500, "target_down"),
        (503, "target_down"),
        (405, "bug"),
        (413, "bug"),
        (418, "unlisted"),
        (302, "unlisted"),
    ],
)
def test_status_alone(status: int, error_class: str) -> None:
    error = by_status(status, None)
    assert isinstance(error, TransientError | PermanentError)
    assert error.error_class == error_class


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        ("Thu, 05 Mar 2026 12:01:30 GMT", 90.0),
        ("Thu, 05 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_has_two_forms(value: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": value}, NOW) == seconds


def test_no_retry_after() -> None:
    assert retry_after_s({}, NOW) is None
