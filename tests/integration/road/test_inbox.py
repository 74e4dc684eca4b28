"""Each version of a record counts once, whoever asks first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from twinledger.kernel.database import Pool, transaction
from twinledger.road.inbox import InboxKey, already_seen, claim_new, prune

A: InboxKey = ("freshbooks.client", "1", "2026-03-05T17:40:02Z", "hash-a")
B: InboxKey = ("freshbooks.client", "2", "2026-03-05T17:40:02Z", "hash-b")
C: InboxKey = ("freshbooks.client", "1", "2026-03-05T17:40:03Z", "hash-a")


async def claim(pool: Pool, *keys: InboxKey, workspace: str = "acme") -> set[InboxKey]:
    async with transaction(pool) as connection:
        return await claim_new(connection, workspace, keys)


async def seen(pool: Pool, *keys: InboxKey) -> set[InboxKey]:
    async with transaction(pool) as connection:
        return await already_seen(connection, "acme", keys)


async def test_only_the_first_claim_is_new(pool: Pool) -> None:
    assert await claim(pool, A, B, A) == {A, B}
    assert await claim(pool, A, C) == {C}
    assert await seen(pool, A, B, C) == {A, B, C}
    assert await claim(pool, A, workspace="other") == {A}


async def test_no_keys_ask_nothing(pool: Pool) -> None:
    assert (await claim(pool), await seen(pool)) == (set(), set())


async def test_a_claim_that_is_rolled_back_is_new_again(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(pool) as connection:
            await claim_new(connection, "acme", [A])
            raise ZeroDivisionError
    assert await seen(pool, A) == set()
    assert await claim(pool, A) == {A}


async def test_of_two_batches_at_once_one_gets_each_key_in_whatever_order(pool: Pool) -> None:
    keys = [("o", str(number), "v", "h") for number in range(200)]
    taken = await asyncio.gather(*(claim(pool, *part) for part in (keys, keys[::-1], keys, keys[::-1])))
    assert sorted(key for part in taken for key in part) == sorted(keys)


async def test_old_rows_are_forgotten(pool: Pool) -> None:
    await claim(pool, A, B)
    await pool.execute("update inbox set seen_at = now() - interval '91 days' where external_id = '1'")
    async with transaction(pool) as connection:
        await prune(connection, timedelta(days=90))
    assert await seen(pool, A, B) == {B}
