"""What the road's tests share: a pool on a fresh database and a table of effects without any guard."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from twinledger.kernel.database import Pool, open_pool


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database, min_size=1, max_size=6)
    await opened.execute("create table effect (id bigint generated always as identity, key text, value text)")
    yield opened
    await opened.close()
