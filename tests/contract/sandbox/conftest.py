"""Sandboxes in the test's own loop, one vendor each, with a person's consent already given."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser
from tests.contract.sandbox.zoho_browser import Listener, ZohoBrowser

from twinledger.sandbox.program import Options, Sandbox


@pytest.fixture
async def freshbooks() -> AsyncIterator[FreshBooksBrowser]:
    sandbox = Sandbox(Options(clock="virtual", vendors=("freshbooks",)))
    await sandbox.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = FreshBooksBrowser(sandbox, session)
        await browser.connect()
        yield browser
    await sandbox.close()


@pytest.fixture
async def zoho() -> AsyncIterator[ZohoBrowser]:
    sandbox = Sandbox(Options(clock="virtual", vendors=("zoho_accounts", "zoho_crm")))
    await sandbox.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = ZohoBrowser(sandbox, session)
        await browser.connect()
        yield browser
    await sandbox.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = await Listener().start()
    yield listener
    await listener.stop()
