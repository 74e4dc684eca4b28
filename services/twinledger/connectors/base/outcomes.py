"""Connectors: from an error to what it means for a write, and what every vendor's status codes share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from twinledger.connectors.base.contract import NotApplied, UnknownOutcome
from twinledger.kernel.errors import (
    OutcomeUnknown,
    PermanentError,
    TransientError,
    TwinledgerError,
)

__all__ = ["by_status", "outcome", "retry_after_s"]

_OUR_FAULT = frozenset({405, 413, 414, 415, 431})


def outcome(error: TwinledgerError) -> NotApplied | UnknownOutcome:
    """A write that raised: certainly not applied, or for the resolver to find out."""
    if isinstance(error, OutcomeUnknown) or (isinstance(error, TransientError) and error.sent):
        return UnknownOutcome(str(error), error.error_class)
    return NotApplied(error)


def by_status(status: int, retry_after: float | None, code: str | None = None) -> TwinledgerError:
    """What a status means when the body names nothing we know."""
    if status == 429:
        return TransientError("429", error_class="rate_limited", retry_after_s=retry_after)
    if status >= 500:
        return TransientError(
            f"status {status}", error_class="target_down", retry_after_s=retry_after, sent=True
        )
    if status == 401:
        return TransientError("401", error_class="auth_expired")
    return PermanentError(
        f"status {status}, code {code}",
        error_class="bug" if status in _OUR_FAULT else "unlisted",
        status=status,
        code=code,
    )


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The `Retry-After` header in seconds, both of its forms; None when absent or unreadable."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None
