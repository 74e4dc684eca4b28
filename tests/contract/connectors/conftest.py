"""One sandbox for the session; limits wide open and faults cleared before each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.contract.connectors.sandbox import Admin, Sandbox, running_sandbox

from twinledger.kernel.http import new_http_client

WIDE_OPEN = {"minute": None, "day": None, "in_flight": None, "credits": None, "token": None}


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
async def sandbox(sandbox_process: Sandbox) -> AsyncIterator[Sandbox]:
    async with new_http_client() as http:
        admin = Admin(http, sandbox_process.urls["admin"])
        await admin.call("PUT", "/limits", {"system": "*", **WIDE_OPEN})
        await admin.call("DELETE", "/faults")
        yield sandbox_process
