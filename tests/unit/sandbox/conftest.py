"""A running sandbox with one tiny vendor, in the test's own loop."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from tests.unit.sandbox.shop import TOKEN, Shop

from twinledger.sandbox.program import Options, Sandbox


class Harness:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.session = session
        self.shop = self.world.url("freshbooks.api") + "/shop/v1"
        self.admin = sandbox.addresses["admin"]
        self.auth = {"Authorization": f"Bearer {TOKEN}"}

    async def call(
        self, method: str, url: str, *, json: object = None, token: bool = True
    ) -> tuple[int, Any]:
        headers = self.auth if token else {}
        async with self.session.request(method, url, json=json, headers=headers) as answer:
            text = await answer.text()
            if answer.content_type == "application/jsonl":
                return answer.status, [orjson.loads(line) for line in text.splitlines()]
            return answer.status, orjson.loads(text) if text else None


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    sandbox = Sandbox(Options(clock="virtual"), extra=(Shop,))
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        yield Harness(sandbox, session)
    await sandbox.close()
