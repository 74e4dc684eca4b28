"""After our own write: what the target made of it, who edited beside it, and when it will not stand still."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.fakes.feeding import ANA, START, Enrich
from tests.fakes.writing import applied, send

from twinledger.enrich.replanner import Replanner
from twinledger.kernel import metrics
from twinledger.road.outcome import Skip
from twinledger.state.answers import end_quarantine
from twinledger.state.records import LateWrite, Target
from twinledger.state.shadows import hold_target

CLIENT, BOOKS = "freshbooks.client", "zoho_books.contact"
BOOKS_ANA: dict[str, Any] = {key: value for key, value in ANA.items() if key != "kind"}
LONG = "A note about the harbor bakery that goes on and on"
SECOND = timedelta(seconds=1)


async def linked(enrich: Enrich, **more: Any) -> None:
    """Known on both sides; CRM has nobody to write to."""
    await enrich.feed(enrich.record(CLIENT, "1", ANA | more), enrich.record(BOOKS, "9", BOOKS_ANA | more))
    await enrich.pool.execute("update intent set state = 'superseded' where object = 'zoho_crm.contact'")


async def written(enrich: Enrich, at: datetime, **edit: Any) -> None:
    """A person edits in FreshBooks; our write to Books is answered at `at`, stamped with that second."""
    await enrich.feed(enrich.record(CLIENT, "1", ANA | edit, at=at - SECOND))
    await applied(enrich, await send(enrich, BOOKS), "9", ended_at=at, stamp=at.replace(microsecond=0))


async def books_shows(enrich: Enrich, at: datetime, stamp: datetime | None = None, **fields: Any) -> Any:
    """What a read of the Books record finds; `at` is when the read began."""
    record = enrich.record(BOOKS, "9", BOOKS_ANA | fields, at=at, stamp=stamp or at.replace(microsecond=0))
    (outcome,) = await enrich.feed(record)
    return outcome


async def updates(enrich: Enrich) -> dict[str, Any]:
    return {row["object"]: row["patch"] for row in await enrich.planned() if row["op"] == "update"}


async def entity_of(enrich: Enrich) -> dict[str, Any]:
    (row,) = await enrich.rows("select fields, version from entity")
    return row


async def hints(enrich: Enrich) -> int:
    return len(await enrich.rows("select id from outbox where topic = 'twinledger.hints.v1'"))


# --- what the target made of it ------------------------------------------------------------------------


async def test_a_text_that_the_target_cuts_and_shouts_is_written_once_and_never_comes_back(
    enrich: Enrich,
) -> None:
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes=LONG)
    await books_shows(enrich, at, notes=LONG[:20].upper())
    assert (await entity_of(enrich))["fields"]["notes"] == LONG
    assert await updates(enrich) == {}
    await books_shows(enrich, at + timedelta(minutes=1), notes=LONG[:20].upper(), website="https://b.example")
    assert await updates(enrich) == {}
    assert (await entity_of(enrich))["fields"]["notes"] == LONG
    assert await enrich.rows("select * from conflict") == []


@pytest.mark.parametrize("lost", [False, True])
async def test_a_cut_text_that_is_seen_before_its_answer_does_not_travel_back(
    enrich: Enrich, lost: bool
) -> None:
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": LONG}, at=at - SECOND))
    intent = await send(enrich, BOOKS)
    if lost:
        await enrich.pool.execute("update intent set state = 'unknown' where id = $1", intent.id)
    await books_shows(enrich, at, notes=LONG[:20])
    assert (await entity_of(enrich))["fields"]["notes"] == LONG
    assert await updates(enrich) == {}
    (row,) = await enrich.rows("select state from intent where id = $1", intent.id)
    assert row["state"] == "confirmed"


async def test_what_a_person_then_types_there_is_a_change(enrich: Enrich) -> None:
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes=LONG)
    await books_shows(enrich, at, notes=LONG[:20].upper())
    await books_shows(enrich, at + timedelta(minutes=1), notes="typed in Books")
    assert await updates(enrich) == {CLIENT: {"notes": "typed in Books"}}


async def test_a_cut_text_in_a_version_of_somebody_else_is_a_change(enrich: Enrich) -> None:
    """Nobody can tell whether the target or the person cut it: no edit is lost."""
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes=LONG)
    await books_shows(enrich, at + 5 * SECOND, notes=LONG[:20])
    assert (await entity_of(enrich))["fields"]["notes"] == LONG[:20]


# --- who edited beside it ------------------------------------------------------------------------------


async def test_an_edit_between_two_polls_survives_our_write_of_another_field(enrich: Enrich) -> None:
    """Its webhook was lost and its stamp lies before our write's: the answer shows it beside our value."""
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes="ours")
    await books_shows(enrich, at, notes="ours", website="https://typed.example")
    assert (await entity_of(enrich))["fields"]["website"] == "https://typed.example"
    assert await updates(enrich) == {}, "FreshBooks holds no website, Books has it"


async def test_a_read_that_races_our_write_is_made_once_more_and_not_called_known(enrich: Enrich) -> None:
    """Typed in Books right after our write, read before its answer was here: stale, but perhaps news."""
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes="ours")
    racing = at - SECOND / 10
    assert await books_shows(enrich, racing, stamp=at, notes="ours", language="fr") == Skip(reason="stale")
    assert await hints(enrich) == 1
    await books_shows(enrich, at + SECOND, stamp=at, notes="ours", language="fr")
    assert await updates(enrich) == {CLIENT: {"language": "fr"}}


async def test_an_earlier_read_that_shows_something_else_under_the_same_stamp_is_made_once_more(
    enrich: Enrich,
) -> None:
    """Typed in the second of our write; the later read reaches us first and shows no more of it."""
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes="ours")
    await books_shows(enrich, at + SECOND, stamp=at, notes="ours")
    early = at + SECOND / 2
    assert await books_shows(enrich, early, stamp=at, notes="ours", language="fr") == Skip(reason="stale")
    assert await hints(enrich) == 1
    assert await books_shows(enrich, early, stamp=at, notes="ours") == Skip(reason="stale")
    assert await hints(enrich) == 1


async def test_a_lost_write_that_arrives_after_all_does_not_beat_a_newer_edit(enrich: Enrich) -> None:
    """The vendor ran it after we had given it up; the person in FreshBooks has typed something newer."""
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "newer"}, at=at))
    late = LateWrite(at + timedelta(minutes=1), {"notes": "lost"}, {"notes": 1})
    async with enrich.pool.acquire() as connection:
        (shadow,) = await enrich.rows("select entity_id from shadow where object = $1", BOOKS)
        await hold_target(connection, Target(shadow["entity_id"], BOOKS, "primary"), late)
    await books_shows(enrich, at + 10 * SECOND, notes="lost")
    assert (await entity_of(enrich))["fields"]["notes"] == "newer"
    assert await updates(enrich) == {BOOKS: {"notes": "newer"}}
    assert await enrich.rows("select * from conflict") == []
    await books_shows(enrich, at + 2 * timedelta(minutes=1), notes="typed by hand")
    assert (await entity_of(enrich))["fields"]["notes"] == "typed by hand"


@pytest.mark.parametrize("is_looked_at", [False, True])
async def test_who_types_a_value_of_a_lost_write_is_heard_once_somebody_has_looked(
    enrich: Enrich, is_looked_at: bool
) -> None:
    """It could not run any more when it was looked for and had not come. Without the look nobody can tell."""
    await linked(enrich, notes="first")
    over = START + timedelta(minutes=2)
    await books_shows(enrich, over - 90 * SECOND, notes="second")
    late = LateWrite(over, {"notes": "first"}, {})
    async with enrich.pool.acquire() as connection:
        (shadow,) = await enrich.rows("select entity_id from shadow where object = $1", BOOKS)
        await hold_target(connection, Target(shadow["entity_id"], BOOKS, "primary"), late)
    if is_looked_at:
        await books_shows(enrich, over + SECOND, stamp=over - 90 * SECOND, notes="second")
    await books_shows(enrich, over + 30 * SECOND, notes="first")
    assert (await entity_of(enrich))["fields"]["notes"] == ("first" if is_looked_at else "second")


async def test_an_old_version_read_late_is_not_asked_for_again(enrich: Enrich) -> None:
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes="ours")
    assert await books_shows(enrich, at - 20 * SECOND) == Skip(reason="stale")
    assert await hints(enrich) == 0


async def test_a_person_who_takes_our_write_back_in_the_same_second_is_heard(enrich: Enrich) -> None:
    """Same stamp, same content as before our write: only the read tells it from a replay."""
    await linked(enrich, notes="before")
    at = START + timedelta(minutes=1)
    await books_shows(enrich, at - SECOND / 2, stamp=at, notes="before")
    await written(enrich, at, notes="ours")
    await books_shows(enrich, at, stamp=at, notes="ours")
    await books_shows(enrich, at + SECOND / 4, stamp=at, notes="before")
    assert (await entity_of(enrich))["fields"]["notes"] == "before"


# --- when it will not stand still ----------------------------------------------------------------------


async def fight(enrich: Enrich, rounds: int) -> None:
    """FreshBooks' automation says one thing, Books' workflow another, at once, again and again."""
    for number in range(rounds):
        at = START + timedelta(minutes=1 + 2 * number)
        await written(enrich, at, notes=f"ours {number}")
        await books_shows(enrich, at, notes=f"their own words {number}")


async def test_a_field_that_goes_back_and_forth_is_held_and_a_person_asked(enrich: Enrich) -> None:
    counter = metrics.OSCILLATIONS.labels("zoho_books", "customer")
    before = counter._value.get()
    await linked(enrich)
    await fight(enrich, 3)
    (question,) = await enrich.rows("select kind, subject, evidence from review_item")
    assert (question["kind"], question["subject"]) == ("oscillation", f"{BOOKS}/9/notes")
    assert (question["evidence"]["sent"], question["evidence"]["shown"]) == ("ours 2", "their own words 2")
    assert counter._value.get() == before + 1
    at = START + timedelta(minutes=8)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "newer", "name.given": "Anna"}, at=at))
    assert (await updates(enrich))[BOOKS] == {"name.given": "Anna"}, "all other fields flow"


async def test_two_rounds_hold_nothing(enrich: Enrich) -> None:
    await linked(enrich)
    await fight(enrich, 2)
    assert await enrich.rows("select * from review_item") == []
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "newer"}, at=START + timedelta(minutes=8)))
    assert (await updates(enrich))[BOOKS] == {"notes": "newer"}


async def test_a_person_ends_the_hold(enrich: Enrich) -> None:
    await linked(enrich)
    await fight(enrich, 3)
    at = START + timedelta(minutes=8)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"notes": "newer"}, at=at))
    assert BOOKS not in await updates(enrich)
    (question,) = await enrich.rows("select id from review_item")
    async with enrich.pool.acquire() as connection, connection.transaction():
        await end_quarantine(connection, "default", question["id"], START)
    await Replanner(enrich.pool, enrich.pipeline).plan_one()
    assert (await updates(enrich))[BOOKS] == {"notes": "newer"}


async def test_a_person_who_edits_one_side_often_trips_nothing(enrich: Enrich) -> None:
    await linked(enrich)
    for number in range(5):
        at = START + timedelta(minutes=1 + number)
        await written(enrich, at, notes=f"text {number}")
        await books_shows(enrich, at, notes=f"text {number}")
    assert await enrich.rows("select * from review_item") == []
    (shadow,) = await enrich.rows("select marks from shadow where object = $1", BOOKS)
    assert shadow["marks"] == {}


# --- what is counted -----------------------------------------------------------------------------------


async def test_echoes_empty_plans_and_conflicts_are_counted(enrich: Enrich) -> None:
    echoes = metrics.ECHOES.labels("zoho_books", "customer")
    empty = metrics.NOOP_WRITES_AVOIDED.labels("freshbooks", "customer")
    conflicts = metrics.CONFLICTS.labels("customer", "lww")
    before = [counter._value.get() for counter in (echoes, empty, conflicts)]
    await linked(enrich)
    at = START + timedelta(minutes=1)
    await written(enrich, at, notes="ours")
    await books_shows(enrich, at, notes="ours")
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA | {"notes": "one"}, at=at + 60 * SECOND),
        enrich.record(BOOKS, "9", BOOKS_ANA | {"notes": "two"}, at=at + 70 * SECOND),
    )
    after = [counter._value.get() for counter in (echoes, empty, conflicts)]
    assert after[0] == before[0] + 1
    assert after[1] > before[1]
    assert after[2] == before[2] + 1
