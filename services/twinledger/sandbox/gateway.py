"""Sandbox: the way of every call: route, fault, limits, token, scope, handler, ledger, answer.

A handler runs in one step of the event loop, so it is a transaction: it applies all or, by refusing before
its first change, nothing.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .call import BadJson, Call, Refused, Reply, html_reply
from .faults import Fault
from .plugin import Problem
from .router import Match, Router
from .world import World

__all__ = ["Gateway", "read_body"]

log = logging.getLogger("twinledger.sandbox")

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
BODIES = {"POST", "PUT", "PATCH", "DELETE"}
HANG_S = 600.0
SECRET_NAMES = {"refresh_token", "access_token", "client_secret", "token", "code", "verifier", "authtoken"}
GARBAGE = "<!DOCTYPE html><html><head><title>Unavailable</title></head><body>Try again later</body></html>"


class Gateway:
    """One per host."""

    def __init__(self, world: World, router: Router, extra: Mapping[str, Callable[[], bytes]]) -> None:
        self._world = world
        self._router = router
        self._extra = extra  # documents outside every vendor: /openapi.json

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"]
        if path in self._extra and method == "GET":
            await _answer(send, Reply(200, self._extra[path]()))
            return
        match = self._router.match(method, scope["raw_path"].decode("latin-1"))
        if match is None:
            await _answer(send, Reply(404, b'{"error":"not found"}'))
            return
        limiter = match.vendor.limiter
        limiter.running += 1
        try:
            await self._serve(match, scope, receive, send)
        finally:
            limiter.running -= 1

    async def _serve(self, match: Match, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        method, vendor = scope["method"], match.vendor
        body = await read_body(receive, vendor.max_body) if method in BODIES else b""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        call = Call(
            self._world,
            vendor,
            match.route,
            method,
            scope["path"],
            match.params,
            scope["query_string"],
            headers,
            body or b"",
        )
        heavy = match.route is not None and match.route.heavy is not None and match.route.heavy(call)
        vendor.limiter.heavy_running += heavy
        try:
            await self._run(match, call, scope, receive, send, heavy=heavy, too_large=body is None)
        finally:
            vendor.limiter.heavy_running -= heavy

    async def _run(
        self,
        match: Match,
        call: Call,
        scope: dict[str, Any],
        receive: Receive,
        send: Send,
        *,
        heavy: bool,
        too_large: bool,
    ) -> None:
        vendor, method = match.vendor, call.method
        if vendor.limiter.settings.latency_s:
            await self._world.clock.sleep(vendor.limiter.settings.latency_s)
        fault = self._world.faults.strike(vendor.system, method, scope["path"])
        reply = self._reply(call, match, fault, heavy=heavy, too_large=too_large)
        vendor.decorate(call, reply)
        if fault is not None and fault.name == "status_after":
            reply = vendor.problem(call, Problem("fault", int(fault.amount), "after the change took effect"))
        answered = (
            None if fault is not None and fault.name in {"timeout_after", "reset_mid_body"} else reply.status
        )
        self._note(call, answered, fault)
        await self._deliver(reply, fault, scope, receive, send)

    def _reply(self, call: Call, match: Match, fault: Fault | None, *, heavy: bool, too_large: bool) -> Reply:
        vendor = call.vendor
        if fault is not None and fault.name == "status_before":
            return vendor.problem(call, Problem("fault", int(fault.amount), "before anything was applied"))
        if too_large:
            return vendor.problem(call, Problem("too_large", 413))
        try:
            return self._handle(call, match, fault, heavy=heavy)
        except Refused as refusal:
            return refusal.reply
        except BadJson as exc:
            return vendor.problem(call, Problem("bad_json", 400, str(exc)))
        except Exception:  # the last line: a fault of ours must look like the vendor's 500, and be seen
            log.exception("sandbox_handler_crashed %s %s %s", vendor.system, call.method, call.path)
            return vendor.problem(call, Problem("crash", 500))

    def _handle(self, call: Call, match: Match, fault: Fault | None, *, heavy: bool) -> Reply:
        vendor, route = call.vendor, match.route
        if route is None:
            kind, status = ("method", 405) if match.wrong_method else ("no_route", 404)
            return vendor.problem(call, Problem(kind, status))
        if not route.public:
            vendor.authenticate(call)
            if fault is not None and fault.name == "revoke" and call.grant is not None:
                vendor.grants.revoke(call.grant)
                vendor.authenticate(call)
        if route.limited:
            cost = route.cost if isinstance(route.cost, int) else route.cost(call)
            over = (vendor.limiter.too_many_heavy() if heavy else None) or vendor.limiter.admit(cost)
            if over is not None:
                return vendor.problem(call, Problem("limit", 429, over.limit, over))
        if not route.public:
            vendor.authorize(call)
        return self._with_list_faults(call, route.handler, fault)

    def _with_list_faults(self, call: Call, handler: Callable[[Call], Reply], fault: Fault | None) -> Reply:
        """A `lag` on a write hides what it creates from lists; on a read it hides all that is that young.

        A `shift` moves the rows of a list between two of its pages.
        """
        world, now = self._world, self._world.clock.now()
        lag_s = fault.amount if fault is not None and fault.name == "lag" else 0.0
        if lag_s and call.method != "GET":
            call.write_lag_s = lag_s
            world.lagging_until = max(world.lagging_until, now + lag_s)
        if lag_s or world.lagging_until > now:
            world.visibility.hidden_after = now - (lag_s if call.method == "GET" else 0.0)
        if fault is not None and fault.name == "shift":
            world.visibility.shift = int(fault.amount)
        try:
            return handler(call)
        finally:
            world.visibility.hidden_after, world.visibility.shift = None, 0

    def _note(self, call: Call, status: int | None, fault: Fault | None) -> None:
        query = {name: "***" if name.lower() in SECRET_NAMES else value for name, value in call.query}
        self._world.ledger.append(
            "request",
            call.vendor.system,
            call.method,
            call.path,
            query,
            _ledger_body(call),
            status,
            call.touched,
            fault.text if fault is not None else None,
        )

    async def _deliver(
        self, reply: Reply, fault: Fault | None, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        name = fault.name if fault is not None else ""
        if name == "timeout_after":
            await _hang(receive)
            _reset(scope)
        elif name == "reset_mid_body":
            await _start(send, reply, len(reply.body) or 64)
            await send(
                {"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True}
            )
            await asyncio.sleep(0)
            _reset(scope)
        elif name == "truncate":
            await _answer(
                send, Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers, reply.media_type)
            )
        elif name == "html":
            await _answer(send, html_reply(GARBAGE))
        elif name == "drip" and fault is not None:
            await self._drip(send, reply, fault.amount)
        else:
            await _answer(send, reply)

    async def _drip(self, send: Send, reply: Reply, bytes_per_s: float) -> None:
        await _start(send, reply, len(reply.body))
        piece = max(1, int(bytes_per_s / 10))
        for position in range(0, len(reply.body), piece):
            await send(
                {
                    "type": "http.response.body",
                    "body": reply.body[position : position + piece],
                    "more_body": True,
                }
            )
            await self._world.clock.sleep(piece / max(bytes_per_s, 0.001))
        await send({"type": "http.response.body", "body": b""})


async def read_body(receive: Receive, cap: int) -> bytes | None:
    """None when the body is larger than the cap; the rest is read and dropped, so that the answer arrives."""
    message = await receive()
    if not message.get("more_body"):
        body: bytes = message.get("body", b"")
        return body if len(body) <= cap else None
    pieces, size = [message.get("body", b"")], len(message.get("body", b""))
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        size += len(message.get("body", b""))
        if size <= cap:
            pieces.append(message.get("body", b""))
    return b"".join(pieces) if size <= cap else None


async def _start(send: Send, reply: Reply, length: int) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    if reply.status not in {204, 304}:
        headers.append((b"content-type", reply.media_type.encode("latin-1")))
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})


async def _answer(send: Send, reply: Reply) -> None:
    body = b"" if reply.status in {204, 304} else reply.body
    await _start(send, reply, len(body))
    await send({"type": "http.response.body", "body": body})


async def _hang(receive: Receive) -> None:
    """Until the caller gives up."""
    try:
        async with asyncio.timeout(HANG_S):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


def _reset(scope: dict[str, Any]) -> None:
    """Cuts the connection with a TCP reset (linger 0), not a polite end."""
    transport = scope["sandbox.transport"]
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _ledger_body(call: Call) -> Any:
    if not call.body:
        return None
    if call.route is None or call.route.secrets:
        return "***"
    try:
        return call.json()
    except BadJson:
        return call.body[:10_000].decode("utf-8", "replace")
