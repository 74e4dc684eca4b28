"""Words that an entity is to be planned anew: none is lost, whoever takes another at the same moment."""

from __future__ import annotations

from uuid import UUID

from twinledger.kernel.database import open_pool, transaction
from twinledger.state.answers import ask_replan, take_replan

ANA, BEN = UUID(int=1), UUID(int=2)


async def test_a_word_that_comes_while_an_earlier_one_is_taken_counts(database: str) -> None:
    """What asks for it the second time is not to be seen yet by who plans for the first."""
    pool = await open_pool(database)
    async with transaction(pool) as connection:
        await ask_replan(connection, "w", [ANA])
    async with transaction(pool) as asking:
        await ask_replan(asking, "w", [ANA])
        async with transaction(pool) as planning:
            assert await take_replan(planning) == ("w", ANA)
            assert await take_replan(planning) is None
    async with transaction(pool) as planning:
        assert await take_replan(planning) == ("w", ANA)
        assert await take_replan(planning) is None
    await pool.close()


async def test_words_on_one_entity_are_taken_together_the_oldest_first(database: str) -> None:
    pool = await open_pool(database)
    async with transaction(pool) as connection:
        for entity in (BEN, ANA, BEN):
            await ask_replan(connection, "w", [entity])
        assert [await take_replan(connection) for _ in range(3)] == [("w", BEN), ("w", ANA), None]
    await pool.close()
