from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from twinledger.kernel.errors import FatalError
from twinledger.kernel.http_server import HttpServer


async def hello(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


async def test_serves_on_the_port_it_bound_until_stopped() -> None:
    server = HttpServer(hello, host="127.0.0.1", port=0)
    port = server.bind()
    running = asyncio.create_task(server.run())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"hi")
    writer.close()
    server.stop()
    await asyncio.wait_for(running, 10)


async def test_a_taken_port_is_said_before_anything_starts() -> None:
    first = HttpServer(hello, host="127.0.0.1", port=0)
    port = first.bind()
    with pytest.raises(FatalError, match=f"cannot listen on 127.0.0.1:{port}"):
        HttpServer(hello, host="127.0.0.1", port=port).bind()
