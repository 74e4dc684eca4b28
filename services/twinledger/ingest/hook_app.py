"""Ingest, receiving: POST /hooks/{system}/{key}. Verify, append a hint, answer; no framework on this path.

| answer | when |
|---|---|
| 200 | the hint is durable, or there is nothing to hint at |
| 400, 401 | not readable; no proof that it comes from the vendor |
| 404 | not an address of ours |
| 405, 413, 415 | not POST; over 256 KiB (dropped, within bounds); neither form nor JSON |
| 503 | not durable in time, or not yet connected: come again |
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from prometheus_client import Counter

from twinledger.connectors.base.contract import Delivery, Verdict, Webhooks
from twinledger.ingest.hint_log import HintLog
from twinledger.ingest.subscription_directory import KnownAddress
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import TransientError
from twinledger.kernel.metrics import WEBHOOKS

__all__ = ["MAX_BODY_BYTES", "MAX_DISCARDED_BYTES", "Addresses", "HookApp", "Outcome"]

MAX_BODY_BYTES = 256 * 1024
MAX_DISCARDED_BYTES = 32 * 1024 * 1024
DISCARD_WITHIN_S = 5.0
RETRY_AFTER_S = 5
_PREFIX = "/hooks/"
_TYPES = ("application/json", "application/x-www-form-urlencoded")

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
TakeHandshake = Callable[[str, str], bool]
"""key, verifier -> False when too many wait"""
Outcome = Literal[
    "accepted",
    "handshake",
    "ignored",
    "bad_signature",
    "undecodable",
    "unknown",
    "too_large",
    "shed",
]

_STATUS: Mapping[Outcome, int] = {
    "accepted": 200,
    "handshake": 200,
    "ignored": 200,
    "undecodable": 400,
    "bad_signature": 401,
    "unknown": 404,
    "too_large": 413,
    "shed": 503,
}


class Addresses(Protocol):
    """The subscription behind an address; None when it is not ours, TransientError when nobody can tell."""

    async def find(self, system: str, key: str) -> KnownAddress | None: ...


@dataclass(frozen=True, slots=True)
class _Route:
    """What a workspace's deliveries are judged by."""

    judges: Mapping[str, Webhooks]
    handshakes: Mapping[str, TakeHandshake]


class HookApp:
    """An ASGI app; answers 503 for a workspace that is not open here."""

    def __init__(
        self,
        *,
        addresses: Addresses,
        hints: HintLog,
        clock: Clock,
    ) -> None:
        self._addresses = addresses
        self._hints = hints
        self._clock = clock
        self._open: dict[str, _Route] = {}
        self._systems: set[str] = set()
        self._counters: dict[tuple[str, Outcome], Counter] = {}

    def open(
        self, workspace: str, judges: Mapping[str, Webhooks], handshakes: Mapping[str, TakeHandshake]
    ) -> None:
        """Deliveries of these systems of the workspace can be judged from now on."""
        self._open[workspace] = _Route(judges, handshakes)
        self._systems.update(judges)

    def close(self, workspace: str) -> None:
        """Its deliveries shall come again later."""
        self._open.pop(workspace, None)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        system, _, key = scope["path"].removeprefix(_PREFIX).partition("/")
        if not scope["path"].startswith(_PREFIX) or not key:
            await _answer(send, 404)
        elif scope["method"] != "POST":
            await _answer(send, 405, (b"allow", b"POST"))
        else:
            await self._post(system, key, scope, receive, send)

    async def _post(self, system: str, key: str, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not headers.get("content-type", "").startswith(_TYPES):
            await _discard(headers, receive)
            return await _answer(send, 415)
        outcome = await self._receive(system, key, scope["query_string"], headers, receive)
        self._count(system if system in self._systems else "other", outcome)
        extra = ((b"retry-after", b"%d" % RETRY_AFTER_S),) if outcome == "shed" else ()
        await _answer(send, _STATUS[outcome], *extra)

    def _count(self, label: str, outcome: Outcome) -> None:
        """Looking a labelled counter up costs more than counting."""
        counter = self._counters.get((label, outcome))
        if counter is None:
            counter = self._counters[label, outcome] = WEBHOOKS.labels(label, outcome)
        counter.inc()

    async def _receive(
        self, system: str, key: str, query: bytes, headers: Mapping[str, str], receive: Receive
    ) -> Outcome:
        if not self._open:
            return "shed"
        try:
            address = await self._addresses.find(system, key)
        except TransientError:
            return "shed"
        if address is None:
            await _discard(headers, receive)
            return "unknown"
        route = self._open.get(address.workspace)
        if route is None or system not in route.judges:
            return "shed"
        body = await _body(headers, receive)
        if body is None:
            await _discard(headers, receive)
            return "too_large"
        verdict = route.judges[system].judge(Delivery(query, headers, body), address.subscription)
        return await self._act(verdict, address, route)

    async def _act(self, verdict: Verdict, address: KnownAddress, route: _Route) -> Outcome:
        if verdict.outcome == "accepted":
            durable = await self._hints.append(address.workspace, verdict.hints, self._clock.now())
            return "accepted" if durable else "shed"
        if verdict.outcome == "handshake":
            if not address.awaits_handshake(self._clock.now()):
                return "bad_signature"
            take = route.handshakes.get(address.subscription.system)
            taken = take is not None and take(address.subscription.key, verdict.verifier)
            return "handshake" if taken else "shed"
        return "ignored" if verdict.outcome == "unknown" else verdict.outcome


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes | None:
    """The whole body; None as soon as it is known to be over the cap."""
    declared = headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _discard(headers: Mapping[str, str], receive: Receive) -> None:
    """Drop what is left, within bounds: a client that is cut off while it sends never sees its answer."""
    if headers.get("content-length") == "0":
        return
    dropped = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_WITHIN_S):
            while dropped < MAX_DISCARDED_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


async def _answer(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    """Without a body; a refused body is not read to its end, so that connection is closed."""
    close = ((b"connection", b"close"),) if status == 413 else ()
    start = [(b"content-length", b"0"), *headers, *close]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": b""})
