"""A running sandbox with Zoho's finance products and People, empty but for what every organization has."""

from collections.abc import AsyncIterator

import pytest
from tests.unit.sandbox.zoho_desk import Desk, open_desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_desk() as opened:
        yield opened
