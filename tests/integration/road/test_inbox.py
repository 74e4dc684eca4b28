"""Each version of a record counts once, whoever asks first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from twinledger.kernel.database import Pool, transaction
from twinledger.road.inbox import InboxKey, already_seen, claim, prune

A: InboxKey = ("freshbooks.client", "1", "2026-03-05T17:40:02Z", "hash-a")
B: InboxKey = ("freshbooks.client", "2", "2026-03-05T17:40:02Z", "hash-b")
C: InboxKey = ("freshbooks.client", "1", "2026-03-05T17:40:03Z", "hash-a")


async def note(pool: Pool, *keys: InboxKey, workspace: str = "acme") -> None:
    async with transaction(pool) as connection:
        await claim(connection, workspace, keys)


async def seen(pool: Pool, *keys: InboxKey) -> set[InboxKey]:
    async with transaction(pool) as connection:
        return await already_seen(connection, "acme", keys)


async def test_what_was_claimed_is_seen_in_its_workspace(pool: Pool) -> None:
    await note(pool, A, A)
    await note(pool, A, C)
    await note(pool, B, workspace="other")
    assert await seen(pool, A, B, C) == {A, C}


async def test_no_keys_ask_nothing(pool: Pool) -> None:
    await note(pool)
    assert await seen(pool) == set()


async def test_a_claim_that_is_rolled_back_is_none(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(pool) as connection:
            await claim(connection, "acme", [A])
            raise ZeroDivisionError
    assert await seen(pool, A) == set()


async def test_batches_with_the_same_keys_in_any_order_wait_for_each_other(pool: Pool) -> None:
    keys = [("o", str(number), "v", "h") for number in range(200)]
    await asyncio.gather(*(note(pool, *part) for part in (keys, keys[::-1], keys, keys[::-1])))
    assert await seen(pool, *keys) == set(keys)


async def test_old_rows_are_forgotten(pool: Pool) -> None:
    await note(pool, A, B)
    await pool.execute("update inbox set seen_at = now() - interval '91 days' where external_id = '1'")
    async with transaction(pool) as connection:
        await prune(connection, timedelta(days=90))
    assert await seen(pool, A, B) == {B}
