"""The page on this machine that the vendor sends the browser to takes our own answer and nothing else."""

from __future__ import annotations

import asyncio
import webbrowser

import pytest
from tests.fakes.clock import FakeClock
from tests.unit.connectors.test_connecting import FakeAuth

from twinledger.cli.connections_consent import Loopback, by_browser, can_listen
from twinledger.cli.dev.ports import kept_ports
from twinledger.connectors.connecting import Handshake
from twinledger.kernel.http import new_http_client


@pytest.mark.parametrize(
    ("redirect", "ours"),
    [
        ("http://127.0.0.1:8930/back", True),
        ("http://localhost:8930/back", True),
        ("https://localhost:8930/back", False),
        ("http://127.0.0.1/back", False),
        ("http://sync.example:8930/back", False),
    ],
)
def test_only_a_plain_page_of_this_machine_can_be_listened_on(redirect: str, ours: bool) -> None:
    assert can_listen(redirect) is ours


@pytest.fixture
def redirect(tmp_path: object) -> str:
    return f"http://127.0.0.1:{kept_ports(tmp_path, 1)[0]}/back"  # type: ignore[arg-type]


@pytest.mark.control("SEC-26")
async def test_a_foreign_page_cannot_answer_in_our_place(redirect: str) -> None:
    async with Loopback(redirect, "ours") as loopback, new_http_client() as http:
        waiting = asyncio.create_task(loopback.redirected())
        assert (await http.get(f"{redirect}?code=evil&state=forged")).status_code == 404
        assert (await http.get(redirect.replace("/back", "/favicon.ico"))).status_code == 404
        assert not waiting.done()
        assert (await http.get(f"{redirect}?code=c1&state=ours")).status_code == 200
        assert await waiting == f"{redirect}?code=c1&state=ours"


async def test_the_browser_comes_back_by_itself(redirect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handshake = Handshake(FakeAuth(), ("clients:read",), FakeClock())
    loop, visits = asyncio.get_running_loop(), []

    def browser(address: str) -> bool:
        visits.append(address)
        asyncio.run_coroutine_threadsafe(visit(), loop)
        return True

    async def visit() -> None:
        async with new_http_client() as http:
            await http.get(f"{redirect}?code=c1&state={handshake.state}")

    monkeypatch.setattr(webbrowser, "open", browser)
    assert await by_browser(handshake, redirect) == f"{redirect}?code=c1&state={handshake.state}"
    assert visits == [handshake.address]
