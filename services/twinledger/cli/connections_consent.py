"""CLI: ways to a person's consent: the browser of this machine, or a pasted address.

Each ends with the address that the vendor sent the person to.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import webbrowser
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import say
from twinledger.connectors.connecting import LIFE_S, Handshake
from twinledger.kernel.http_server import HttpServer

__all__ = ["Loopback", "by_browser", "by_paste", "can_listen"]

_CLOSE = b"Connected, or refused: the terminal tells. This page can be closed."


def can_listen(redirect_uri: str) -> bool:
    """The vendor sends the browser to a plain http address of this machine."""
    parts = urlsplit(redirect_uri)
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost") and bool(parts.port)


async def by_browser(handshake: Handshake, redirect_uri: str) -> str:
    """Opens the page and waits on the loopback address."""
    async with Loopback(redirect_uri, handshake.state) as loopback:
        say(f"allow the access in your browser:\n\n  {handshake.address}\n")
        await asyncio.to_thread(webbrowser.open, handshake.address)
        return await loopback.redirected()


async def by_paste(handshake: Handshake) -> str:
    """The person copies the address over; an error page at it does not matter."""
    say(f"open this page, allow the access:\n\n  {handshake.address}\n")
    say("then paste the address your browser was sent to (it may show an error) and press Enter:")
    line: str = await asyncio.to_thread(sys.stdin.readline)
    if not line.strip():
        raise CommandError("no address was pasted", "the same command once more", Exit.INTERRUPTED)
    return line.strip()


class Loopback:
    """One page on the redirect address. An answer with another state is not ours and is not taken."""

    def __init__(self, redirect_uri: str, state: str) -> None:
        self._redirect = urlsplit(redirect_uri)
        self._state = state
        self._came: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        host, port = self._redirect.hostname or "", self._redirect.port or 0
        self._server = HttpServer(self, host=host, port=port)

    async def __aenter__(self) -> Loopback:
        self._server.bind()
        self._serving = asyncio.create_task(self._server.run())
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._server.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await self._serving

    async def redirected(self) -> str:
        """The whole address, within the life of the consent."""
        try:
            async with asyncio.timeout(LIFE_S):
                return await self._came
        except TimeoutError as error:
            raise CommandError("nobody answered the consent page", "the same command once more") from error

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode("latin-1")
        ours = scope["path"] == self._redirect.path and parse_qs(query).get("state") == [self._state]
        if ours and not self._came.done():
            self._came.set_result(self._redirect._replace(query=query).geturl())
        headers = [(b"content-type", b"text/plain"), (b"referrer-policy", b"no-referrer")]
        start = {"type": "http.response.start", "status": 200 if ours else 404, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": _CLOSE if ours else b""})
