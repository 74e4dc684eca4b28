"""Kernel: the one error tree, grouped by what to do.

    TwinledgerError
    |-- TransientError     try again later; `sent` tells whether a write may have left
    |-- PermanentError     trying again changes nothing: dead letter or review item
    |-- OutcomeUnknown     a write may or may not have been applied: the resolver's work
    `-- FatalError         stop the process: configuration or migration is wrong

A vendor client turns answers into these; nobody else reads status codes.
"""

from __future__ import annotations

from typing import Literal

__all__ = [
    "ErrorClass",
    "FatalError",
    "OutcomeUnknown",
    "PermanentError",
    "TransientError",
    "TwinledgerError",
]

ErrorClass = Literal[
    "rate_limited",
    "day_cap",
    "concurrency",
    "auth_expired",
    "grant_revoked",
    "permission",
    "network",
    "target_down",
    "validation",
    "semantic",
    "duplicate",
    "parent_missing",
    "conflict",
    "gone",
    "undecodable",
    "schema_incompatible",
    "mapping",
    "bug",
    "unlisted",
]


class TwinledgerError(Exception):
    """Root of every error we raise on purpose. The message never holds a payload."""


class TransientError(TwinledgerError):
    """Worth trying again after `retry_after_s`; `sent=False` means: certainly not applied."""

    def __init__(
        self,
        message: str,
        *,
        error_class: ErrorClass,
        retry_after_s: float | None = None,
        sent: bool = False,
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.retry_after_s = retry_after_s
        self.sent = sent


class PermanentError(TwinledgerError):
    """Refused for good; the details name what a person has to look at."""

    def __init__(
        self,
        message: str,
        *,
        error_class: ErrorClass,
        field: str | None = None,
        external_id: str | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.field = field
        self.external_id = external_id
        self.status = status
        self.code = code


class OutcomeUnknown(TwinledgerError):
    """The request left, the answer did not arrive whole: the write may have been applied."""

    def __init__(self, message: str, *, error_class: ErrorClass = "network") -> None:
        super().__init__(message)
        self.error_class = error_class


class FatalError(TwinledgerError):
    """The process cannot work: the message names the cause and the next command."""
