"""Parked records keep the order of their key, also with several replicas at work."""

from __future__ import annotations

from collections.abc import Sequence

from tests.unit.road.received import received

from twinledger.kernel.database import Connection, Pool, transaction
from twinledger.road import parking
from twinledger.road.broker import Received
from twinledger.road.parking import BEHIND, Parked, Wait

NOW, LATER = Wait("parent", 0.0), Wait("parent", 600.0, waits_for="freshbooks.client/1")


async def park(pool: Pool, *rows: tuple[Received, Wait], group: str = "g") -> None:
    async with transaction(pool) as connection:
        await parking.park(connection, group, rows)


async def due(connection: Connection, *, max_records: int = 200) -> Sequence[Parked]:
    return await parking.due(connection, "g", ["t"], max_records=max_records)


def offsets(rows: Sequence[Parked]) -> list[int]:
    return [row.record.offset for row in rows]


async def test_a_due_key_brings_what_stands_behind_it_in_order(pool: Pool) -> None:
    await park(
        pool,
        (received("a", 1), NOW),
        (received("b", 2), LATER),
        (received("a", 3), Wait(BEHIND, 0.0)),
        (received("b", 4), Wait(BEHIND, 0.0)),
    )
    async with transaction(pool) as connection:
        rows = await due(connection)
    assert offsets(rows) == [1, 3]
    assert [row.record.attempt for row in rows] == [2, 1]


async def test_a_record_comes_back_as_it_was(pool: Pool) -> None:
    sent = received("a", 7, value=b"\xff\x00", headers=(("ce_id", b"\xfe"), ("x", b"y")))
    await park(pool, (sent, NOW))
    async with transaction(pool) as connection:
        ((back),) = await due(connection)
    assert (back.record.value, back.record.headers) == (sent.value, sent.headers)
    assert (back.record.partition, back.record.timestamp) == (sent.partition, sent.timestamp)


async def test_waking_makes_due_what_waits_for_it_and_nothing_else(pool: Pool) -> None:
    other = Wait("parent", 600.0, waits_for="freshbooks.client/2")
    await park(pool, (received("a", 1), LATER), (received("b", 2), other))
    async with transaction(pool) as connection:
        assert await due(connection) == []
        await parking.wake(connection, ["freshbooks.client/1", "freshbooks.client/9"])
        await parking.wake(connection, [])
        assert offsets(await due(connection)) == [1]


async def test_two_replicas_never_hold_the_same_key(pool: Pool) -> None:
    await park(pool, (received("a", 1), NOW), (received("a", 2), NOW), (received("b", 3), NOW))
    async with transaction(pool) as one, transaction(pool) as two:
        first = await due(one, max_records=1)
        second = await due(two)
        assert offsets(first) == [1]
        assert offsets(second) == [3]


async def test_what_left_makes_room_for_the_next_and_what_waits_again_holds_it(pool: Pool) -> None:
    await park(pool, *((received("a", offset), NOW) for offset in (1, 2, 3)))
    async with transaction(pool) as connection:
        first, second, _ = await due(connection)
        await parking.leave(connection, [first.id])
        await parking.postpone(connection, [(second.id, Wait("again", 600.0, step=1))])
    async with transaction(pool) as connection:
        assert await due(connection) == []
        assert await parking.parked_keys(connection, "g", [received("a", 9), received("b", 9)]) == {
            ("t", b"a")
        }
        await connection.execute("update parked set due_at = now()")
        waiting = (await due(connection))[0]
    assert (waiting.record.offset, waiting.record.attempt, waiting.step) == (2, 3, 1)


async def test_groups_and_topics_do_not_see_each_other(pool: Pool) -> None:
    await park(pool, (received("a", 1), NOW), group="other")
    await park(pool, (received("a", 2, topic="u"), NOW))
    async with transaction(pool) as connection:
        assert await due(connection) == []
        assert await parking.parked_keys(connection, "g", [received("a", 3)]) == set()
        assert await parking.any_parked(connection, "g")
        assert not await parking.any_parked(connection, "nobody")


async def test_one_head_can_be_asked_for(pool: Pool) -> None:
    await park(pool, (received("a", 1), NOW), (received("b", 2), NOW), (received("b", 3), NOW))
    async with transaction(pool) as connection:
        heads = await parking.due_heads(connection, "g", ["t"])
        rows = await parking.due(connection, "g", ["t"], max_records=1, only=heads[1])
    assert len(heads) == 2
    assert offsets(rows) == [2]
