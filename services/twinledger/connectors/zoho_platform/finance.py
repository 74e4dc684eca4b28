"""Zoho platform: how the finance products (Books, Inventory, Expense) answer: a code beside a status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.outcomes import by_status
from twinledger.connectors.base.wire import decode
from twinledger.kernel.errors import ErrorClass, PermanentError, TransientError, TwinledgerError

__all__ = ["FinanceDialect"]

_UNAUTHORIZED = 57
_SHORT_BYTES = 512
"""An error is a code and a sentence; longer answers need no second look for one."""
_PERMANENT: Mapping[int, ErrorClass] = {
    **dict.fromkeys((4, 3032, 13009, 110817), "validation"),
    **dict.fromkeys((3062, 13011, 1001), "duplicate"),
    **dict.fromkeys((6041, 103001), "permission"),
    **dict.fromkeys((5, 14, 1038, 4097), "bug"),
    1002: "gone",
}
_TRANSIENT: Mapping[int, ErrorClass] = {
    43: "rate_limited",
    44: "rate_limited",
    45: "day_cap",
    1070: "concurrency",
    24016: "conflict",  # more applied than an invoice is owed: by another payment meanwhile
    1000: "target_down",
}


class FinanceDialect:
    """A missing scope and a dead token are both code 57: only a fresh token tells them apart."""

    scheme = "Zoho-oauthtoken"

    def refuses_token(self, answer: Answer) -> bool:
        if 200 <= answer.status < 300 and len(answer.body) > _SHORT_BYTES:
            return False
        code = _code(answer)
        return code == _UNAUTHORIZED or (answer.status == 401 and code not in _PERMANENT)

    def refused_again(self, answer: Answer) -> TwinledgerError:
        code = str(_code(answer))
        return PermanentError(
            "a fresh token is refused", error_class="permission", status=answer.status, code=code
        )

    def parse(self, answer: Answer) -> Any:
        body = answer.decoded()
        code = body.get("code", 0) if isinstance(body, dict) else 0
        if code != 0:
            raise _error(int(code), answer)
        if not 200 <= answer.status < 300:
            raise by_status(answer.status, answer.retry_after_s)
        return body


def _code(answer: Answer) -> int:
    try:
        body = decode(answer.body)
    except ValueError:
        return 0
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else 0


def _error(code: int, answer: Answer) -> TwinledgerError:
    if code in _TRANSIENT:
        error_class = _TRANSIENT[code]
        return TransientError(
            f"code {code}",
            error_class=error_class,
            retry_after_s=answer.retry_after_s,
            sent=error_class == "target_down",
        )
    if code in _PERMANENT:
        return PermanentError(
            f"code {code}", error_class=_PERMANENT[code], status=answer.status, code=str(code)
        )
    if 200 <= answer.status < 300:
        return PermanentError(f"code {code}", error_class="unlisted", status=answer.status, code=str(code))
    return by_status(answer.status, answer.retry_after_s, str(code))
