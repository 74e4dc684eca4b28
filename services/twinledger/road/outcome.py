"""Road: the verdict of a step on one record. A step judges; only the runner acts on the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from twinledger.kernel.errors import ErrorClass, PermanentError

__all__ = ["DeadLetter", "DeadLetterReason", "Ok", "Outcome", "Retry", "Skip", "reason_of"]

T = TypeVar("T")

DeadLetterReason = Literal[
    "schema",
    "mapping",
    "validation",
    "upstream-4xx",
    "upstream-auth",
    "upstream-conflict",
    "upstream-exhausted",
    "dependency-missing",
    "bug",
]


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """Done; `value` is what goes on, None where the step wrote through its connection."""

    value: T


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do, for a reason worth counting: `duplicate`, `stale`, `unmapped`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not yet: the record is parked with its key, in order.

    It is tried again when `parking.wake(waits_for)` is called, and in any case after `delay_s`.
    Without `delay_s` the wait ladder decides and its end is a dead letter; with it no step is used.
    """

    reason: str
    waits_for: str | None = None
    delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Never by itself: the record leaves the road with its bytes."""

    reason: DeadLetterReason
    error_class: ErrorClass
    message: str
    """short, without payload"""
    exception_class: str = ""
    rule: str = ""
    """mapping line or validation rule: part of the fingerprint"""
    stacktrace: str = ""
    mapping_version: str = ""
    upstream_status: str = ""
    upstream_request_id: str = ""

    @classmethod
    def of(cls, error: PermanentError) -> DeadLetter:
        """The dead letter that a refusal for good amounts to."""
        return cls(
            reason=reason_of(error.error_class),
            error_class=error.error_class,
            message=str(error),
            exception_class=type(error).__qualname__,
            rule=error.field or "",
            upstream_status=str(error.status or error.code or ""),
        )


_REASONS: dict[ErrorClass, DeadLetterReason] = {
    "undecodable": "schema",
    "schema_incompatible": "schema",
    "mapping": "mapping",
    "validation": "validation",
    "semantic": "validation",
    "duplicate": "validation",
    "permission": "upstream-auth",
    "grant_revoked": "upstream-auth",
    "auth_expired": "upstream-auth",
    "conflict": "upstream-conflict",
    "parent_missing": "dependency-missing",
    "bug": "bug",
    "unlisted": "upstream-4xx",
    "gone": "upstream-4xx",
}


def reason_of(error_class: ErrorClass) -> DeadLetterReason:
    """What is left are the classes worth trying again: their ladder is at its end."""
    return _REASONS.get(error_class, "upstream-exhausted")


Outcome: TypeAlias = Ok[T] | Skip | Retry | DeadLetter
