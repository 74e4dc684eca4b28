"""Tool Shop: from an answer to a value or a kernel error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.outcomes import by_status
from twinledger.kernel.errors import ErrorClass, PermanentError, TwinledgerError

__all__ = ["ToolshopDialect"]

_CODES: Mapping[str, ErrorClass] = {"duplicate": "duplicate", "invalid": "validation", "gone": "gone"}


class ToolshopDialect:
    """How the Tool Shop speaks."""

    scheme = "Bearer"

    def refuses_token(self, answer: Answer) -> bool:
        return answer.status == 401

    def refused_again(self, answer: Answer) -> TwinledgerError:
        return by_status(answer.status, answer.retry_after_s)

    def parse(self, answer: Answer) -> Any:
        body = answer.decoded()
        code = body.get("error") if isinstance(body, dict) else None
        if isinstance(code, str) and code in _CODES:
            raise PermanentError(code, error_class=_CODES[code], status=answer.status, code=code)
        if not 200 <= answer.status < 300:
            raise by_status(answer.status, answer.retry_after_s)
        return body
