"""Connectors: sends one request to a vendor: bearer token, permit, deadline, one renewal after a 401.

What an answer means is the vendor's `Dialect`; this module knows only what all of them share: which
requests may have been applied, and that no call is made without a permit or a price already paid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from twinledger.connectors.base.access import AccessToken, CallPermit, TokenSource
from twinledger.connectors.base.outcomes import by_status, retry_after_s
from twinledger.connectors.base.wire import broke_off, decode, is_foreign, unreadable
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import OutcomeUnknown, PermanentError, TransientError, TwinledgerError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient, Response, never_left

__all__ = ["Answer", "Call", "Dialect", "VendorClient"]

_MAX_BODY_BYTES = 32 * 1024 * 1024
_FRESH_S = 60.0
_GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, relative to the vendor's API address."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after_s: float | None = None

    @property
    def went_through(self) -> bool:
        return 200 <= self.status < 300

    def decoded(self) -> Any:
        """The body, or what it means that it is no JSON."""
        try:
            return decode(self.body)
        except ValueError as exc:
            raise self.error_without_json() from exc

    def error_without_json(self) -> TwinledgerError:
        """What the status says, where that can be believed: no record is gone by a web page of something in
        between, nor by half an answer."""
        if self.went_through or (self.status in _GONE and is_foreign(self.body, self.headers)):
            return unreadable(self.body, self.headers)
        said = by_status(self.status, self.retry_after_s)
        if isinstance(said, PermanentError) and broke_off(self.body):
            return unreadable(self.body, self.headers)
        return said


class Dialect(Protocol):
    """How one vendor speaks."""

    scheme: str
    """Word before the token in `Authorization`."""

    def refuses_token(self, answer: Answer) -> bool:
        """A newer token may cure this answer."""
        ...

    def refused_again(self, answer: Answer) -> TwinledgerError:
        """What it means when it did not."""
        ...

    def parse(self, answer: Answer) -> Any:
        """The decoded body (None where the vendor sends none), or a raised kernel error."""
        ...


class VendorClient:
    """Requests of one connection to one vendor API."""

    def __init__(
        self,
        http: AsyncClient,
        tokens: TokenSource,
        dialect: Dialect,
        clock: Clock,
        *,
        api_url: str,
        timeout_s: float = 30,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._dialect = dialect
        self._clock = clock
        self._api_url = api_url
        self._timeout_s = timeout_s
        self._renewed = ("", 0.0)

    async def read(self, call: Call, permit: CallPermit) -> Any:
        """Read by id."""
        failpoint("source.read.before")
        value = await self._ask(call, permit)
        failpoint("source.read.after")
        return value

    async def poll(self, call: Call, permit: CallPermit) -> Any:
        """Read a page of changes."""
        failpoint("source.poll.before")
        value = await self._ask(call, permit)
        failpoint("source.poll.after")
        return value

    async def ask(self, call: Call, permit: CallPermit) -> Any:
        """Any other permitted request: a probe, a subscription, set-up."""
        return await self._ask(call, permit)

    async def write(self, call: Call, *, send_by: float | None = None) -> Any:
        """Send a write that is already paid for; errors tell whether it may have been applied."""
        token = await self._token(self._tokens.token())
        if send_by is not None and self._clock.monotonic() > send_by:
            raise TransientError("too late to send", error_class="network")
        answer = await self._send(call, token)
        if not self._dialect.refuses_token(answer):
            return self._dialect.parse(answer)
        await self._renew(token, answer)
        raise TransientError("token renewed, send again", error_class="auth_expired", retry_after_s=0)

    async def _ask(self, call: Call, permit: CallPermit) -> Any:
        token = await self._token(self._tokens.token())
        answer = await self._permitted(call, token, permit)
        if self._dialect.refuses_token(answer):
            answer = await self._permitted(call, await self._renew(token, answer), permit)
            if self._dialect.refuses_token(answer):
                raise self._dialect.refused_again(answer)
        return self._dialect.parse(answer)

    async def _token(self, asked: Awaitable[AccessToken]) -> AccessToken:
        """A token, or an error that says the vendor request never left: `sent` there is of the token call."""
        try:
            return await asked
        except (TransientError, OutcomeUnknown) as exc:
            wait_s = exc.retry_after_s if isinstance(exc, TransientError) else None
            raise TransientError(str(exc), error_class=exc.error_class, retry_after_s=wait_s) from exc

    async def _renew(self, refused: AccessToken, answer: Answer) -> AccessToken:
        """A newer token, unless the refused one is itself the answer to a refusal a moment ago."""
        value, at = self._renewed
        if value == refused.value and self._clock.monotonic() - at < _FRESH_S:
            raise self._dialect.refused_again(answer)
        token = await self._token(self._tokens.renewed(refused))
        self._renewed = (token.value, self._clock.monotonic())
        return token

    async def _permitted(self, call: Call, token: AccessToken, permit: CallPermit) -> Answer:
        permit_id = await permit.acquire()
        answer: Answer | None = None
        try:
            answer = await self._send(call, token)
            return answer
        finally:
            await permit.answered(
                permit_id,
                rate_limited=answer is not None and answer.status == 429,
                retry_after_s=answer.retry_after_s if answer else None,
            )

    async def _send(self, call: Call, token: AccessToken) -> Answer:
        headers = {"Authorization": f"{self._dialect.scheme} {token.value}", **call.headers}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        url = (token.api_domain or self._api_url) + call.path
        try:
            # The client's own time-outs count between bytes: a drip would last for ever.
            async with (
                asyncio.timeout(self._timeout_s),
                self._http.stream(
                    call.method, url, params=list(call.query), headers=headers, content=call.body
                ) as response,
            ):
                return await self._whole(response)
        except TRANSPORT_ERRORS as exc:
            raise TransientError(
                f"{call.method}: {type(exc).__name__}", error_class="network", sent=not never_left(exc)
            ) from exc

    async def _whole(self, response: Response) -> Answer:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_BODY_BYTES:
                raise TransientError("answer too large", error_class="target_down", sent=True)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(body), retry_after_s(headers, self._clock.now()))
