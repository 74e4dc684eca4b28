"""FreshBooks: from an answer to a value or a kernel error.

Three families of error bodies (accounting, google.rpc, events), and accounting errors inside a 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.outcomes import by_status
from twinledger.kernel.errors import ErrorClass, PermanentError, TransientError, TwinledgerError

__all__ = ["FreshBooksDialect"]

_PERMANENT: Mapping[int, ErrorClass] = {
    **dict.fromkeys((1001, 1004, 1007, 1015, 1016, 1017, 1018, 1025), "validation"),
    **dict.fromkeys((1027, 1028, 1030, 1033, 1040, 2001, 422), "validation"),
    **dict.fromkeys((1026, 1029), "duplicate"),
    **dict.fromkeys((1003, 1042, 12001, 31001, 41001, 41101), "permission"),
    **dict.fromkeys((1005, 1013, 1014, 1038), "bug"),
    **dict.fromkeys((1011, 1012, 404), "gone"),
}
_TRANSIENT: Mapping[int, ErrorClass] = {409: "conflict", 429: "rate_limited", 500: "target_down"}


@dataclass(frozen=True, slots=True)
class _Fault:
    errno: int
    field: str | None
    object: str | None


class FreshBooksDialect:
    """How FreshBooks speaks."""

    scheme = "Bearer"

    def refuses_token(self, answer: Answer) -> bool:
        return answer.status == 401

    def refused_again(self, answer: Answer) -> TwinledgerError:
        return by_status(answer.status, answer.retry_after_s)

    def parse(self, answer: Answer) -> Any:
        if answer.went_through and not answer.body.strip():
            return None
        body = answer.decoded()
        fault = next(_faults(body), None)
        if fault is not None:
            raise _error(fault, answer)
        if not 200 <= answer.status < 300:
            raise _unexplained(answer)
        return body


def _faults(body: Any) -> Iterator[_Fault]:
    """Errors in any of the shapes; an accounting answer may carry them in a 200."""
    if not isinstance(body, dict):
        return
    response = body.get("response")
    errors = response.get("errors") if isinstance(response, dict) else None
    for error in [errors] if isinstance(errors, dict) else errors or ():
        yield _Fault(_number(error.get("errno")), error.get("field"), error.get("object"))
    for detail in body.get("details") or ():
        if isinstance(detail, dict) and "reason" in detail:
            about = detail.get("metadata") or {}
            yield _Fault(_number(detail["reason"]), about.get("field"), about.get("object"))
    if "errno" in body:
        yield _Fault(_number(body["errno"]), None, None)


def _error(fault: _Fault, answer: Answer) -> TwinledgerError:
    message = f"errno {fault.errno} on {fault.object} {fault.field}"
    if answer.status == 429:
        return by_status(429, answer.retry_after_s)
    if fault.errno in _TRANSIENT:
        error_class = _TRANSIENT[fault.errno]
        return TransientError(
            message,
            error_class=error_class,
            retry_after_s=answer.retry_after_s,
            sent=error_class == "target_down",
        )
    if answer.status >= 500:
        return by_status(answer.status, answer.retry_after_s)
    return PermanentError(
        message,
        error_class=_PERMANENT.get(fault.errno, _by_status_alone(answer.status)),
        field=fault.field,
        status=answer.status,
        code=str(fault.errno),
    )


def _unexplained(answer: Answer) -> TwinledgerError:
    if answer.status == 404:
        return PermanentError("404", error_class="gone", status=404)
    return by_status(answer.status, answer.retry_after_s)


def _by_status_alone(status: int) -> ErrorClass:
    error = by_status(status, None)
    return error.error_class if isinstance(error, PermanentError) else "unlisted"


def _number(value: Any) -> int:
    return int(value) if str(value).isdigit() else 0
