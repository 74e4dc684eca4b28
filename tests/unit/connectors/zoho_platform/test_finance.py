"""Every class of answer of the finance products, from the closed list of errors."""

from __future__ import annotations

import orjson
import pytest

from twinledger.connectors.base.client import Answer
from twinledger.connectors.zoho_platform.finance import FinanceDialect
from twinledger.kernel.errors import PermanentError, TransientError

DIALECT = FinanceDialect()


def answer(body: object, status: int = 200, retry_after_s: float | None = None) -> Answer:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, {}, content, retry_after_s)


def classified(given: Answer) -> tuple[str, str]:
    with pytest.raises((TransientError, PermanentError)) as caught:
        DIALECT.parse(given)
    error = caught.value
    assert isinstance(error, TransientError | PermanentError)
    return type(error).__name__[0], error.error_class


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (44, 429, ("T", "rate_limited")),
        (43, 429, ("T", "rate_limited")),
        (45, 429, ("T", "day_cap")),
        (1070, 429, ("T", "concurrency")),
        (1000, 500, ("T", "target_down")),
        (4, 400, ("P", "validation")),
        (3032, 400, ("P", "validation")),
        (13009, 400, ("P", "validation")),
        (110817, 400, ("P", "validation")),
        (3062, 400, ("P", "duplicate")),
        (13011, 400, ("P", "duplicate")),
        (1001, 400, ("P", "duplicate")),
        (1002, 404, ("P", "gone")),
        (1002, 400, ("P", "gone")),
        (6041, 401, ("P", "permission")),
        (103001, 400, ("P", "permission")),
        (1038, 400, ("P", "bug")),
        (14, 401, ("P", "bug")),
        (4097, 400, ("P", "bug")),
        (5, 404, ("P", "bug")),
        (4, 200, ("P", "validation")),
        (99999, 200, ("P", "unlisted")),
        (99999, 400, ("P", "unlisted")),
        (99999, 405, ("P", "bug")),
        (99999, 500, ("T", "target_down")),
        (99999, 429, ("T", "rate_limited")),
    ],
)
def test_code(code: int, status: int, kind: tuple[str, str]) -> None:
    assert classified(answer({"code": code, "message": "x"}, status)) == kind


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"<html>down</html>", 503, ("T", "target_down")),
        (b"<html>down</html>", 200, ("T", "target_down")),
        (b'{"code":0,"invoice":{', 200, ("T", "network")),
        (b"", 200, ("T", "network")),
        (b'{"code":1002,"mess', 404, ("T", "network")),
        (b"<html>not here</html>", 404, ("T", "target_down")),
        (b"Use the zohoapis domain for API requests.", 400, ("P", "unlisted")),
        ({"code": 0}, 500, ("T", "target_down")),
    ],
)
def test_other_shapes(body: object, status: int, kind: tuple[str, str]) -> None:
    assert classified(answer(body, status)) == kind


@pytest.mark.parametrize(
    ("code", "status", "curable"),
    [(57, 401, True), (57, 400, True), (57, 200, True), (14, 401, False), (6041, 401, False), (0, 401, True)],
)
def test_which_refusals_a_new_token_may_cure(code: int, status: int, curable: bool) -> None:
    assert DIALECT.refuses_token(answer({"code": code, "message": "x"}, status)) is curable


def test_a_long_success_is_not_looked_through_for_a_refusal() -> None:
    assert not DIALECT.refuses_token(answer(b'{"code":57,' + b" " * 600 + b'"message":""}'))


def test_code_zero_is_success() -> None:
    assert DIALECT.parse(answer({"code": 0, "message": "success"})) == {"code": 0, "message": "success"}


def test_a_day_long_block_keeps_its_wait() -> None:
    with pytest.raises(TransientError) as caught:
        DIALECT.parse(answer({"code": 43}, 429, 3600))
    assert (caught.value.retry_after_s, caught.value.sent) == (3600, False)
