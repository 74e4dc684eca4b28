"""The webhook route behind the real HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.unit.ingest.test_hook_app import FORM, PATH, Hooks, signed

from twinledger.kernel.http import AsyncClient, new_http_client
from twinledger.kernel.http_server import HttpServer


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
async def http(hooks: Hooks) -> AsyncIterator[AsyncClient]:
    server = HttpServer(hooks.app, host="127.0.0.1", port=0)
    port = server.bind()
    task = asyncio.create_task(server.run())
    async with new_http_client(f"http://127.0.0.1:{port}") as client:
        yield client
    server.stop()
    await task


@pytest.mark.control("SEC-06")
async def test_ten_megabytes_are_answered_413_and_the_next_delivery_200(
    hooks: Hooks, http: AsyncClient
) -> None:
    body, headers = signed(FORM)
    headers["content-type"] = "application/x-www-form-urlencoded"
    for _ in range(3):
        answer = await http.post(PATH, content=b"x" * (10 * 1024 * 1024), headers=headers)
        assert answer.status_code == 413
        answer = await http.post(PATH, content=body, headers=headers)
        assert (answer.status_code, answer.content) == (200, b"")
    assert len(hooks.hinted()) == 3


async def test_it_tells_nothing_about_itself(http: AsyncClient) -> None:
    answer = await http.get("/hooks/freshbooks/x")
    assert answer.status_code == 405
    assert answer.headers.keys() == {"content-length", "allow"}
