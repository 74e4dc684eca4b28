"""Every class of FreshBooks answer, from the closed list of errors."""

from __future__ import annotations

import orjson
import pytest

from twinledger.connectors.base.client import Answer
from twinledger.connectors.freshbooks.answers import FreshBooksDialect
from twinledger.kernel.errors import PermanentError, TransientError

DIALECT = FreshBooksDialect()


def answer(body: object, status: int = 200, retry_after_s: float | None = None) -> Answer:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, {}, content, retry_after_s)


def errors(errno: int | str, field: str | None = None) -> dict[str, object]:
    fault = {"errno": errno, "field": field, "message": "", "object": "client", "value": None}
    return {"response": {"errors": [fault]}}


def classified(given: Answer) -> tuple[str, str]:
    with pytest.raises((TransientError, PermanentError)) as caught:
        DIALECT.parse(given)
    error = caught.value
    assert isinstance(error, TransientError | PermanentError)
    return type(error).__name__[0], error.error_class


@pytest.mark.parametrize(
    ("errno", "status", "kind"),
    [
        *((errno, 422, ("P", "validation")) for errno in (1001, 1004, 1007, 1015, 1016, 1017, 1018, 1025)),
        *((errno, 422, ("P", "validation")) for errno in (1027, 1028, 1030, 1033, 1040, 2001)),
        *((errno, 422, ("P", "duplicate")) for errno in (1026, 1029)),
        *((errno, 403, ("P", "permission")) for errno in (1003, 1042, 12001, 31001, 41001, 41101)),
        *((errno, 422, ("P", "bug")) for errno in (1005, 1013, 1014)),
        (1038, 403, ("P", "bug")),
        (1011, 422, ("P", "gone")),
        (1012, 404, ("P", "gone")),
        (409, 409, ("T", "conflict")),
        (429, 429, ("T", "rate_limited")),
        (500, 500, ("T", "target_down")),
        (9999, 422, ("P", "unlisted")),
        ("1012", 404, ("P", "gone")),
        (12001, 200, ("P", "permission")),
        (1001, 200, ("P", "validation")),
        (1001, 500, ("T", "target_down")),
    ],
)
def test_errno(errno: int | str, status: int, kind: tuple[str, str]) -> None:
    assert classified(answer(errors(errno), status)) == kind


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>502</html>", 502, ("T", "target_down")),
        (b"<html>maintenance</html>", 200, ("T", "target_down")),
        (b'{"response":{"result":{"client":{"id":', 200, ("T", "network")),
        (b"not json", 503, ("T", "target_down")),
        ({"error": "unauthenticated", "error_description": "x"}, 401, ("T", "auth_expired")),
        ({"error": "Requested resource could not be found."}, 404, ("P", "gone")),
        (b"<html>404</html>", 404, ("T", "target_down")),
        (b'{"error": "Requested resource cou', 404, ("T", "network")),
        (b"", 404, ("T", "network")),
        (b"404 page not found", 404, ("P", "unlisted")),
        (b"<html>no</html>", 403, ("P", "unlisted")),
        (b"<html>too large</html>", 413, ("P", "bug")),
        ({"errno": 404, "message": "Requested resource could not be found."}, 404, ("P", "gone")),
        ({"errno": 422, "message": "x", "details": ["event: Value error"]}, 422, ("P", "validation")),
        ({"errno": 2001, "error": {"title": "field required"}}, 422, ("P", "validation")),
        ({"message": "?"}, 415, ("P", "bug")),
        ({"message": "?"}, 418, ("P", "unlisted")),
        (b"", 429, ("T", "rate_limited")),
        (
            {
                "code": 5,
                "message": "x",
                "details": [
                    {"reason": "1012", "metadata": {"object": "client", "field": "userid", "value": "1"}}
                ],
            },
            404,
            ("P", "gone"),
        ),
        ({"response": {"errors": {"errno": 1003, "field": None}}}, 403, ("P", "permission")),
    ],
)
def test_other_shapes(body: object, status: int, kind: tuple[str, str]) -> None:
    assert classified(answer(body, status)) == kind


def test_the_refused_field_and_code_are_kept() -> None:
    with pytest.raises(PermanentError) as caught:
        DIALECT.parse(answer(errors(1001, "customerid"), 422))
    error = caught.value
    assert (error.field, error.code, error.status) == ("customerid", "1001", 422)


def test_a_429_keeps_the_wait_it_was_given() -> None:
    with pytest.raises(TransientError) as caught:
        DIALECT.parse(answer(errors(429), 429, retry_after_s=60))
    assert caught.value.retry_after_s == 60


def test_server_trouble_may_have_applied_and_a_refusal_may_not() -> None:
    for given, sent in [(answer(b"", 502), True), (answer(errors(429), 429), False)]:
        with pytest.raises(TransientError) as caught:
            DIALECT.parse(given)
        assert caught.value.sent is sent


def test_success_is_the_body_and_an_empty_one_is_none() -> None:
    assert DIALECT.parse(answer({"response": {}})) == {"response": {}}
    assert DIALECT.parse(answer(b"", 204)) is None
