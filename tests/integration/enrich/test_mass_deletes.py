"""Enrich: many deletions of a type at once are held, asked about, and answered."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from tests.eventually import eventually
from tests.fakes.feeding import ANA, Enrich
from tests.integration.enrich.test_two_batches_at_once import WAITING

from twinledger.cli.held_deletions import answer_mass_delete
from twinledger.enrich.held import HeldRecords
from twinledger.road.broker import Received
from twinledger.road.outcome import Ok, Skip

CLIENT, CRM = "freshbooks.client", "zoho_crm.contact"
CRM_ANA = {key: ANA[key] for key in ("name.given", "name.family", "email")}


def _word(seed: str) -> str:
    """A name like no other: who resembles somebody waits for a person."""
    return "".join(chr(97 + byte % 26) for byte in hashlib.sha256(seed.encode()).digest()[:9]).title()


async def people(enrich: Enrich, count: int) -> None:
    """So many customers on two sides."""
    for number in range(count):
        own = {
            "email": f"p{number}@harbor.example",
            "name.given": _word(f"given {number}"),
            "name.family": _word(f"family {number}"),
        }
        client = {key: value for key, value in ANA.items() if key != "phones.business"}
        await enrich.feed(
            enrich.record(CLIENT, f"1{number}", client | own), enrich.record(CRM, f"2{number}", CRM_ANA | own)
        )
    await enrich.pool.execute("update intent set state = 'confirmed'")


def gone(enrich: Enrich, *numbers: int) -> list[Received]:
    return [enrich.record(CRM, f"2{number}", {}, gone=True) for number in numbers]


def deleted(enrich: Enrich, *numbers: int) -> list[Received]:
    return [
        enrich.record(CLIENT, f"1{number}", ANA | {"email": f"p{number}@harbor.example", "state": "deleted"})
        for number in numbers
    ]


async def archived(enrich: Enrich) -> int:
    rows = await enrich.rows("select 1 from entity where fields ->> 'state' in ('archived', 'deleted')")
    return len(rows)


async def answer(enrich: Enrich, *, apply: bool) -> int:
    (asked,) = await enrich.rows("select id from review_item where kind = 'mass_delete' and state = 'open'")
    async with enrich.pool.acquire() as connection, connection.transaction():
        said = await answer_mass_delete(connection, "default", asked["id"], "apply" if apply else "discard")
    assert await enrich.rows("select id from review_item where state = 'open'") == []
    return int(said["released" if apply else "discarded"])


async def test_twenty_deletions_pass(enrich: Enrich) -> None:
    await people(enrich, 20)
    await enrich.feed(*gone(enrich, *range(20)))
    assert await archived(enrich) == 20


@pytest.mark.parametrize("ends", [gone, deleted])
async def test_more_than_twenty_in_one_go_are_all_held_and_asked_about(enrich: Enrich, ends: Any) -> None:
    await people(enrich, 21)
    outcomes = await enrich.feed(*ends(enrich, *range(21)))
    assert all(isinstance(outcome, Skip) for outcome in outcomes)
    assert await archived(enrich) == 0
    assert await enrich.planned() == []
    (review,) = await enrich.rows("select kind, subject, evidence from review_item")
    assert (review["kind"], review["subject"]) == ("mass_delete", "customer")
    assert review["evidence"]["held"] == 21 and review["evidence"]["allowed"] == 20
    assert len(review["evidence"]["records"]) == 20


async def test_deletions_that_trickle_in_are_held_from_the_twenty_first_on(enrich: Enrich) -> None:
    await people(enrich, 25)
    for number in range(25):
        await enrich.feed(*gone(enrich, number))
    assert await archived(enrich) == 20
    (review,) = await enrich.rows("select evidence from review_item")
    assert review["evidence"]["held"] == 5


async def test_what_ended_long_ago_does_not_count(enrich: Enrich) -> None:
    await people(enrich, 25)
    await enrich.feed(*gone(enrich, *range(20)))
    await enrich.pool.execute("update tombstone set found_at = now() - interval '11 minutes'")
    await enrich.feed(*gone(enrich, *range(20, 25)))
    assert await archived(enrich) == 25


async def test_a_large_type_allows_two_percent(enrich: Enrich) -> None:
    await people(enrich, 21)
    await enrich.pool.execute(
        """insert into entity (id, workspace, type, version, origin, fields, clocks)
           select gen_random_uuid(), 'default', 'customer', 1, '', '{}', '{}' from generate_series(1, 1100)"""
    )
    await enrich.feed(*gone(enrich, *range(21)))
    assert await archived(enrich) == 21


@pytest.mark.parametrize("ends", [gone, deleted])
async def test_a_release_passes_them_on_after_one_more_look(enrich: Enrich, ends: Any) -> None:
    await people(enrich, 21)
    records = ends(enrich, *range(21))
    await enrich.feed(*records)
    before = len(await enrich.rows("select id from outbox"))
    assert await answer(enrich, apply=True) == 21
    assert len(await enrich.rows("select id from outbox")) == before + 21
    outcomes = await enrich.feed(*records)  # read again, a soft-deleted record reads the same
    assert outcomes == [Ok(None)] * 21
    assert await archived(enrich) == 21


@pytest.mark.parametrize("ends", [gone, deleted])
async def test_a_discard_lets_go_of_the_records_and_touches_nothing(enrich: Enrich, ends: Any) -> None:
    await people(enrich, 21)
    records = ends(enrich, *range(21))
    await enrich.feed(*records)
    await answer(enrich, apply=False)
    assert await enrich.feed(*records) == [Ok(None)] * 21
    assert await archived(enrich) == 0
    assert await enrich.planned() == []
    assert len(await enrich.rows("select 1 from crosswalk where status = 'deleted'")) == 21
    assert all(isinstance(outcome, Skip) for outcome in await enrich.feed(*ends(enrich, *range(21))))
    assert await archived(enrich) == 0


async def test_the_metric_shows_what_is_held(enrich: Enrich) -> None:
    await people(enrich, 21)
    await enrich.feed(*gone(enrich, *range(21)))
    worker = HeldRecords(enrich.pool, every_s=0.05)
    task = asyncio.create_task(worker.run())

    async def shown(count: int) -> bool:
        value = REGISTRY.get_sample_value("twinledger_held_records", {"reason": "mass_delete"})
        return value == count

    await eventually(lambda: shown(21))
    await answer(enrich, apply=True)
    await eventually(lambda: shown(0))
    worker.stop()
    await task


async def test_what_is_held_stays_held_until_a_person_has_spoken(enrich: Enrich) -> None:
    await people(enrich, 25)
    for number in range(25):
        await enrich.feed(*gone(enrich, number))
    assert await archived(enrich) == 20
    await enrich.pool.execute("update tombstone set found_at = now() - interval '11 minutes'")
    await enrich.feed(*gone(enrich, 24))  # the next sweep misses it again
    assert await archived(enrich) == 20


@pytest.mark.parametrize("apply", [True, False])
async def test_a_word_on_held_ends_is_no_word_on_the_next(enrich: Enrich, apply: bool) -> None:
    """The records were there after all; hours later they vanish again."""
    await people(enrich, 21)
    rows = await enrich.rows("select external_id, fields from shadow where object = $1", CRM)
    await enrich.feed(*gone(enrich, *range(21)))
    await answer(enrich, apply=apply)
    looked = datetime.now(UTC) + timedelta(seconds=1)
    await enrich.feed(*(enrich.record(CRM, row["external_id"], row["fields"], at=looked) for row in rows))
    later = looked + timedelta(hours=2)
    again = [enrich.record(CRM, f"2{number}", {}, gone=True, at=later) for number in range(21)]
    await enrich.feed(*(again if apply else again[:1]))
    assert await archived(enrich) == (0 if apply else 1)


async def test_what_is_held_while_a_person_answers_is_asked_about(enrich: Enrich) -> None:
    await people(enrich, 25)
    await enrich.feed(*gone(enrich, *range(21)))
    (asked,) = await enrich.rows("select id from review_item where kind = 'mass_delete' and state = 'open'")

    async def say() -> None:
        async with enrich.pool.acquire() as connection, connection.transaction():
            await answer_mass_delete(connection, "default", asked["id"], "discard")

    async with enrich.pool.acquire() as connection, connection.transaction():
        await enrich.pipeline.handle(connection, gone(enrich, 22))
        person = asyncio.create_task(say())

        async def has_met() -> bool:
            return person.done() or bool(await enrich.pool.fetchval(WAITING))

        await eventually(has_met, within_s=8, every_s=0.01)
    await person
    held = await enrich.rows("select external_id from tombstone where state = 'held'")
    asked_now = await enrich.rows("select 1 from review_item where kind = 'mass_delete' and state = 'open'")
    assert (held == []) or asked_now, f"{held} are held and nobody is asked"
