"""The HTTP client tells a request that never left from one that may have been applied."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient, never_left, new_http_client

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A raw TCP server that counts the requests it read."""

    def __init__(self) -> None:
        self.requests = 0
        self.port = 0

    async def read(self, reader: asyncio.StreamReader) -> bool:
        try:
            await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        self.requests += 1
        return True


@asynccontextmanager
async def serving(answer: Callable[[Server, asyncio.StreamWriter], None]) -> AsyncIterator[Server]:
    server = Server()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await server.read(reader) and not writer.is_closing():
            answer(server, writer)

    listener = await asyncio.start_server(handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


async def failure(client: AsyncClient, method: str, url: str) -> Exception:
    with pytest.raises(TRANSPORT_ERRORS) as caught:
        await client.request(method, url)
    return caught.value


def ok(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


async def test_refused_connection_never_left() -> None:
    listener = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    async with new_http_client() as client:
        assert never_left(await failure(client, "POST", f"http://127.0.0.1:{port}/"))


async def test_unknown_host_never_left() -> None:
    async with new_http_client() as client:
        assert never_left(await failure(client, "POST", "http://nowhere.invalid/"))


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_connection_closed_after_the_request_may_have_been_applied(method: str) -> None:
    async with serving(lambda _s, writer: writer.close()) as server, new_http_client() as client:
        assert not never_left(await failure(client, method, f"http://127.0.0.1:{server.port}/"))
        assert server.requests == 1


async def test_body_cut_in_the_middle_may_have_been_applied() -> None:
    def half(_server: Server, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        writer.close()

    async with serving(half) as server, new_http_client() as client:
        assert not never_left(await failure(client, "POST", f"http://127.0.0.1:{server.port}/"))


async def test_silent_server_may_have_applied() -> None:
    async with serving(lambda _s, _w: None) as server, new_http_client(timeout_s=0.1) as client:
        assert not never_left(await failure(client, "POST", f"http://127.0.0.1:{server.port}/"))


async def test_garbage_instead_of_http_is_a_transport_error() -> None:
    def garbage(_server: Server, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is not http\r\n\r\n")

    async with serving(garbage) as server, new_http_client() as client:
        assert not never_left(await failure(client, "POST", f"http://127.0.0.1:{server.port}/"))


async def test_a_put_is_not_repeated_when_a_kept_connection_breaks() -> None:
    def first_only(server: Server, writer: asyncio.StreamWriter) -> None:
        if server.requests == 1:
            ok(writer)
        else:
            writer.close()

    async with serving(first_only) as server, new_http_client() as client:
        url = f"http://127.0.0.1:{server.port}/"
        assert (await client.get(url)).status_code == 200
        assert not never_left(await failure(client, "PUT", url))
        assert server.requests == 2


async def test_redirects_are_not_followed() -> None:
    def redirect(_server: Server, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")

    async with serving(redirect) as server, new_http_client() as client:
        assert (await client.get(f"http://127.0.0.1:{server.port}/")).status_code == 302
