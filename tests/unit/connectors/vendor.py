"""Fakes of a connector's surroundings: a vendor that answers as told, tokens, permits and a clock.

The one place in these tests that imports httpx.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from twinledger.connectors import registry
from twinledger.connectors.base.access import AccessToken
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector
from twinledger.kernel.http import new_http_client

__all__ = ["NOW", "FakeClock", "FakePermit", "FakeTokens", "FakeVendor", "httpx", "reply"]

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


class FakeClock:
    """Time that a test moves by hand."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds


class FakeTokens:
    """Hands out token-1, token-2, ...; `failure` is raised instead of a renewal."""

    def __init__(self) -> None:
        self.count = 1
        self.failure: Exception | None = None

    async def token(self) -> AccessToken:
        return AccessToken(f"token-{self.count}", NOW + timedelta(hours=1))

    async def renewed(self, refused: AccessToken) -> AccessToken:
        if self.failure is not None:
            raise self.failure
        self.count += 1
        return await self.token()


class FakePermit:
    """Grants everything and remembers it."""

    def __init__(self) -> None:
        self.acquired = 0
        self.answers: list[tuple[bool, float | None]] = []

    async def acquire(self, *, cost: int = 1) -> str:
        self.acquired += 1
        return str(self.acquired)

    async def answered(
        self, permit_id: str, *, rate_limited: bool = False, retry_after_s: float | None = None
    ) -> None:
        self.answers.append((rate_limited, retry_after_s))


Answering = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def reply(body: object = None, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """One answer; bytes go out as they are, anything else as JSON."""
    content = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
    return httpx.Response(status, headers=headers, content=content)


class FakeVendor:
    """Answers in the order given; every request is kept."""

    def __init__(self, *answers: Answering) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.clock = FakeClock()
        self.tokens = FakeTokens()
        self.permit = FakePermit()
        self.http = new_http_client(transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self._answers, f"unexpected {request.method} {request.url}"
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def connector(self, system: str) -> Connector:
        account = {"account_id": "Qx7LmP", "organization_id": "700100200"}
        connection = Connection("acme", account, self.tokens, "http://vendor.test")
        return registry.build(system, connection, http=self.http, clock=self.clock)

    def sent(self, at: int = -1) -> Any:
        """Body of a request, decoded."""
        return orjson.loads(self.requests[at].content)

    def query(self, at: int = -1) -> Sequence[tuple[str, str]]:
        """Query pairs of a request."""
        return self.requests[at].url.params.multi_items()

    def lines(self) -> list[str]:
        """Method and path of every request."""
        return [f"{request.method} {request.url.path}" for request in self.requests]
