"""Enrich: the key that references are derived from is never one that was rolled back."""

from __future__ import annotations

from tests.fakes.feeding import ANA, Enrich


async def test_a_key_made_in_a_batch_that_is_undone_is_forgotten(enrich: Enrich) -> None:
    first = enrich.record("freshbooks.client", "1", ANA)
    async with enrich.pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await enrich.pipeline.handle(connection, [first])
        await undone.rollback()
    await enrich.pool.execute(
        "insert into workspace (id, reference_key) values ('default', $1)", b"another process"
    )
    await enrich.feed(first)
    assert enrich.pipeline.workspaces["default"].reference_key == b"another process"
