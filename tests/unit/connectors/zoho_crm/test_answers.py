"""Every class of CRM answer: flat bodies, per-record ones, and no body at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from twinledger.connectors.base.client import Answer
from twinledger.connectors.zoho_crm.answers import CrmDialect, error_of
from twinledger.kernel.errors import PermanentError, TransientError, TwinledgerError

DIALECT = CrmDialect()


def answer(body: object, status: int = 400, headers: Mapping[str, str] | None = None) -> Answer:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, headers or {}, content)


def fault(code: str, **details: Any) -> dict[str, Any]:
    return {"code": code, "details": details, "message": "x", "status": "error"}


def kind(error: BaseException) -> tuple[str, str]:
    assert isinstance(error, TransientError | PermanentError)
    return type(error).__name__[0], error.error_class


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        *((code, 401, ("P", "permission")) for code in ("OAUTH_SCOPE_MISMATCH",)),
        *((code, 403, ("P", "permission")) for code in ("NO_PERMISSION", "AUTHORIZATION_FAILED")),
        *((code, 400, ("P", "validation")) for code in ("INVALID_DATA", "MANDATORY_NOT_FOUND")),
        *((code, 400, ("P", "validation")) for code in ("EXPECTED_FIELD_MISSING", "MAPPING_MISMATCH")),
        *((code, 400, ("P", "validation")) for code in ("DEPENDENT_MISMATCH", "MULTIPLE_OR_MULTI_ERRORS")),
        *((code, 400, ("P", "bug")) for code in ("INVALID_MODULE", "INVALID_REQUEST_METHOD")),
        *((code, 400, ("P", "bug")) for code in ("LIMIT_EXCEEDED", "REQUIRED_PARAM_MISSING")),
        ("INVALID_URL_PATTERN", 404, ("P", "bug")),
        ("DUPLICATE_DATA", 400, ("P", "duplicate")),
        *((code, 400, ("T", "conflict")) for code in ("RECORD_LOCKED", "RECORD_IN_BLUEPRINT")),
        *((code, 400, ("T", "conflict")) for code in ("NOT_APPROVED", "NOT_REVIEWED", "CONVERTED_RECORD")),
        ("ALREADY_MODIFIED", 412, ("T", "conflict")),
        ("INTERNAL_ERROR", 500, ("T", "target_down")),
        ("SERVICE_UNAVAILABLE", 503, ("T", "target_down")),
        ("DEPENDENT_SERVICE_ERROR", 400, ("T", "target_down")),
        ("SOMETHING_NEW", 400, ("P", "unlisted")),
        ("SOMETHING_NEW", 502, ("T", "target_down")),
    ],
)
def test_flat_code(code: str, status: int, expected: tuple[str, str]) -> None:
    with pytest.raises(TwinledgerError) as caught:
        DIALECT.parse(answer(fault(code), status))
    assert kind(caught.value) == expected


@pytest.mark.parametrize(
    ("headers", "error_class"),
    [
        ({}, "concurrency"),
        ({"x-api-credits-remaining": "0"}, "day_cap"),
        ({"x-api-credits-remaining": "9"}, "concurrency"),
    ],
)
def test_one_429_for_spent_credits_and_for_too_many_at_once(
    headers: dict[str, str], error_class: str
) -> None:
    with pytest.raises(TransientError) as caught:
        DIALECT.parse(answer(fault("TOO_MANY_REQUESTS"), 429, headers))
    assert caught.value.error_class == error_class


@pytest.mark.parametrize("status", [204, 304])
def test_nothing_is_an_empty_body(status: int) -> None:
    assert DIALECT.parse(answer(b"", status)) is None


@pytest.mark.parametrize("status", [200, 201, 207, 400, 412])
def test_refused_records_stay_in_the_body_for_their_calls(status: int) -> None:
    body = {"data": [fault("INVALID_DATA")]}
    assert DIALECT.parse(answer(body, status)) == body


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"<html>", 200, ("T", "target_down")),
        (b'{"data":[', 200, ("T", "network")),
        (b"<html>", 503, ("T", "target_down")),
        (b"", 200, ("T", "network")),
        (b'{"code":"INVALID_DATA","det', 400, ("T", "network")),
        ({"data": [fault("INTERNAL_ERROR")]}, 500, ("T", "target_down")),
        ([], 400, ("P", "unlisted")),
    ],
)
def test_other_shapes(body: object, status: int, expected: tuple[str, str]) -> None:
    with pytest.raises(TwinledgerError) as caught:
        DIALECT.parse(answer(body, status))
    assert kind(caught.value) == expected


@pytest.mark.parametrize(
    ("code", "curable"),
    [("INVALID_TOKEN", True), ("AUTHENTICATION_FAILURE", True), ("OAUTH_SCOPE_MISMATCH", False)],
)
def test_a_scope_mismatch_is_not_cured_by_a_new_token(code: str, curable: bool) -> None:
    assert DIALECT.refuses_token(answer(fault(code), 401)) is curable


def test_a_duplicate_names_the_record_that_is_there() -> None:
    error = error_of(fault("DUPLICATE_DATA", api_name="Email", duplicate_record={"id": "77"}, id="88"))
    assert isinstance(error, PermanentError)
    assert (error.field, error.external_id) == ("Email", "77")
    older = error_of(fault("DUPLICATE_DATA", api_name="Email", id="88"))
    assert isinstance(older, PermanentError)
    assert older.external_id == "88"


def test_invalid_data_is_a_parent_on_a_look_up_and_gone_on_the_id() -> None:
    lookups = frozenset({"Account_Name"})
    for name, expected in [
        ("Account_Name", ("T", "parent_missing")),
        ("id", ("P", "gone")),
        ("Phone", ("P", "validation")),
    ]:
        assert kind(error_of(fault("INVALID_DATA", api_name=name), lookups=lookups)) == expected
