"""Zoho CRM: from an answer, or one record's part of it, to a value or a kernel error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.outcomes import by_status
from twinledger.connectors.base.wire import decode
from twinledger.kernel.errors import ErrorClass, PermanentError, TransientError, TwinledgerError

__all__ = ["CrmDialect", "error_of"]

_PERMANENT: Mapping[str, ErrorClass] = {
    **dict.fromkeys(("OAUTH_SCOPE_MISMATCH", "NO_PERMISSION", "AUTHORIZATION_FAILED"), "permission"),
    **dict.fromkeys(("INVALID_DATA", "MANDATORY_NOT_FOUND", "EXPECTED_FIELD_MISSING"), "validation"),
    **dict.fromkeys(("MAPPING_MISMATCH", "MULTIPLE_OR_MULTI_ERRORS"), "validation"),
    **dict.fromkeys(("DEPENDENT_FIELD_MISSING", "DEPENDENT_MISMATCH"), "validation"),
    **dict.fromkeys(("INVALID_URL_PATTERN", "INVALID_REQUEST_METHOD", "INVALID_MODULE"), "bug"),
    **dict.fromkeys(("LIMIT_EXCEEDED", "REQUIRED_PARAM_MISSING"), "bug"),
    "DUPLICATE_DATA": "duplicate",
}
_TRANSIENT: Mapping[str, ErrorClass] = {
    **dict.fromkeys(("ALREADY_MODIFIED", "RECORD_LOCKED", "RECORD_IN_BLUEPRINT"), "conflict"),
    **dict.fromkeys(("NOT_APPROVED", "NOT_REVIEWED", "CONVERTED_RECORD"), "conflict"),
    **dict.fromkeys(("INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "DEPENDENT_SERVICE_ERROR"), "target_down"),
}
_STALE_TOKEN = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE"})
_PER_RECORD = ("data", "watch", "fields")


class CrmDialect:
    """A scope mismatch is a 401 too, and no new token cures it."""

    scheme = "Zoho-oauthtoken"

    def refuses_token(self, answer: Answer) -> bool:
        return answer.status == 401 and _flat(answer).get("code") in _STALE_TOKEN

    def refused_again(self, answer: Answer) -> TwinledgerError:
        return by_status(answer.status, answer.retry_after_s)

    def parse(self, answer: Answer) -> Any:
        """The body, None for "nothing"; refused records stay inside for their calls to find."""
        if answer.status in (204, 304):
            return None
        if answer.status == 429:
            raise _limited(answer)
        body = answer.decoded()
        if isinstance(body, dict) and body.get("status") == "error":
            raise error_of(body, answer.status)
        if 200 <= answer.status < 300 or (answer.status < 500 and _is_per_record(body)):
            return body
        raise by_status(answer.status, answer.retry_after_s)


def error_of(
    fault: Mapping[str, Any], status: int | None = None, *, lookups: frozenset[str] = frozenset()
) -> TwinledgerError:
    """The error of a flat body or of one record; a refused look-up waits for its parent."""
    code = str(fault.get("code"))
    details = fault.get("details")
    details = details if isinstance(details, dict) else {}
    name = details.get("api_name")
    if code in _TRANSIENT:
        error_class = _TRANSIENT[code]
        return TransientError(code, error_class=error_class, sent=error_class == "target_down")
    if code == "INVALID_DATA" and name in lookups:
        return TransientError(f"{code} on {name}", error_class="parent_missing")
    if code not in _PERMANENT and status is not None and status >= 500:
        return by_status(status, None, code)
    error_class = _PERMANENT.get(code, "unlisted")
    return PermanentError(
        f"{code} on {name}",
        error_class="gone" if code == "INVALID_DATA" and name == "id" else error_class,
        field=name if isinstance(name, str) else None,
        external_id=_duplicate_id(details) if code == "DUPLICATE_DATA" else None,
        status=status,
        code=code,
    )


def _limited(answer: Answer) -> TransientError:
    """One code for spent credits and for too many at once; the credits header tells, when sent."""
    spent = answer.headers.get("x-api-credits-remaining", "").strip() == "0"
    return TransientError(
        "429", error_class="day_cap" if spent else "concurrency", retry_after_s=answer.retry_after_s
    )


def _duplicate_id(details: Mapping[str, Any]) -> str | None:
    record = details.get("duplicate_record")
    found = (record if isinstance(record, dict) else details).get("id")
    return None if found is None else str(found)


def _is_per_record(body: Any) -> bool:
    return isinstance(body, dict) and any(isinstance(body.get(key), list) for key in _PER_RECORD)


def _flat(answer: Answer) -> Mapping[str, Any]:
    try:
        body = decode(answer.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
