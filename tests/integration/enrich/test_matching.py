"""Enrich on PostgreSQL: an unknown record is linked, asked about, or new; and what an answer does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from tests.fakes.feeding import ANA, START, Enrich

from twinledger.enrich.pipeline import EnrichPipeline
from twinledger.enrich.replanner import Replanner
from twinledger.kernel.errors import PermanentError
from twinledger.road.outcome import Ok, Skip
from twinledger.state.answers import ask_replan
from twinledger.state.match_answers import MatchAnswer, answer_match
from twinledger.state.match_buckets import bucket_rows, match_buckets
from twinledger.state.records import ExternalKey

CLIENT, CONTACT = "freshbooks.client", "zoho_books.contact"
HOME = {
    "addresses.billing.line1": "4 Wharf Rd",
    "addresses.billing.city": "Portland",
    "addresses.billing.postal_code": "04101",
}
ANNA: dict[str, Any] = ANA | HOME | {"name.given": "ana", "name.family": "RUIZ", "email": None}
NAMESAKE: dict[str, Any] = ANA | {"email": None, "phones.business": None}


async def entities(enrich: Enrich) -> int:
    return len(await enrich.rows("select id from entity"))


async def question(enrich: Enrich) -> dict[str, Any]:
    (row,) = await enrich.rows(
        "select id, subject, evidence from review_item where kind = 'match' and state = 'open'"
    )
    return row


async def answer(enrich: Enrich, word: str, link: ExternalKey | None = None) -> list[ExternalKey]:
    said = MatchAnswer(word, link, "dana", "asked them", START)
    number = (await question(enrich))["id"]
    async with enrich.pool.acquire() as connection, connection.transaction():
        _, again = await answer_match(connection, "default", number, said)
    return again


@pytest.mark.parametrize("client_first", [True, False])
async def test_the_two_sides_of_a_customer_meet_in_whichever_order_they_arrive(
    enrich: Enrich, client_first: bool
) -> None:
    """A company without a mailbox on one side: names, telephone and address say it."""
    company = {"kind": "organization", "organization": "Harbor Bakery"}
    both = [
        enrich.record(CLIENT, "1", ANA | HOME | company),
        enrich.record(CONTACT, "9", ANNA | company | {"organization": "HARBOR BAKERY Ltd."}),
    ]
    for record in both if client_first else reversed(both):
        await enrich.feed(record)
    assert await entities(enrich) == 1
    assert await enrich.rows("select id from review_item") == []


async def test_a_name_alone_is_a_question_and_creates_nothing_on_either_side(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA))
    assert CONTACT in [row["object"] for row in await enrich.planned()]
    (outcome,) = await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE))
    assert outcome == Skip(reason="review: perhaps_the_same")
    assert await entities(enrich) == 1
    assert CONTACT not in [row["object"] for row in await enrich.planned()]
    asked = (await question(enrich))["evidence"]
    (candidate,) = asked["candidates"]
    assert candidate["answers"] == {"person": "same"} and candidate["score"] == 5
    assert asked["record"]["name.given"] == candidate["fields"]["name.given"] == "Ana"
    assert candidate["records"] == ["freshbooks.client/1"]


async def test_an_edit_of_the_candidate_still_creates_nothing_while_the_question_is_open(
    enrich: Enrich,
) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", NAMESAKE))
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"website": "https://a.example"}))
    assert [row["object"] for row in await enrich.planned()] == ["zoho_crm.contact"]


async def test_the_answer_link_lets_the_record_flow_into_the_customer(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", NAMESAKE))
    again = await answer(enrich, "link", ExternalKey(CLIENT, "1"))
    assert again == [ExternalKey(CONTACT, "9")]
    (outcome,) = await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE))
    assert outcome == Ok(None)
    assert await entities(enrich) == 1
    patches = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert patches[CONTACT] == {"email": ANA["email"], "phones.business": ANA["phones.business"]}
    (cause,) = await enrich.rows("select cause from audit where field = 'identity'")
    assert cause["cause"].endswith("link by dana: asked them")


async def test_the_answer_new_makes_a_second_customer_and_frees_the_first(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", NAMESAKE))
    await answer(enrich, "new")
    await Replanner(enrich.pool, enrich.pipeline).plan_one()
    assert CONTACT in [row["object"] for row in await enrich.planned()]
    await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE))
    assert await entities(enrich) == 2
    assert CLIENT in [row["object"] for row in await enrich.planned()]


async def test_an_ignored_record_is_asked_about_no_more(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", NAMESAKE))
    await answer(enrich, "ignore")
    (outcome,) = await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE | {"website": "w.example"}))
    assert outcome == Skip(reason="ignored")
    assert await enrich.rows("select id from review_item where state = 'open'") == []


async def test_a_second_answer_and_a_taken_place_are_refused(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CLIENT, "2", ANA))
    with pytest.raises(PermanentError, match="in its place already"):
        await answer(enrich, "link", ExternalKey(CLIENT, "1"))
    number = (await question(enrich))["id"]
    await answer(enrich, "ignore")
    said = MatchAnswer("new", None, "dana", "again", START)
    async with enrich.pool.acquire() as connection, connection.transaction():
        with pytest.raises(PermanentError, match="no open question"):
            await answer_match(connection, "default", number, said)


async def test_an_office_mailbox_makes_no_person_of_a_company(enrich: Enrich) -> None:
    office = {"email": "info@harbor.example", "kind": "organization", "organization": "Harbor Bakery"}
    person = {"email": "info@harbor.example", "kind": "person", "name.given": "Tom", "name.family": "Lee"}
    await enrich.feed(enrich.record(CLIENT, "1", office), enrich.record(CONTACT, "9", person))
    assert (await question(enrich))["subject"] == "zoho_books.contact/9"


async def test_a_mailbox_with_another_name_is_a_question(enrich: Enrich) -> None:
    husband = ANA | {"name.given": "Tom"}
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "9", husband))
    assert (await question(enrich))["evidence"]["candidates"][0]["answers"]["person"] == "other"


async def test_who_waits_is_judged_again_when_the_right_one_arrives(enrich: Enrich) -> None:
    """The namesake came first, so the record was asked about; its own other side comes later."""
    other = ANA | {"email": "other@pier.example", "phones.business": "+12075550177"}
    contact = ANA | {"phones.business": None}
    await enrich.feed(enrich.record(CLIENT, "1", other))
    await enrich.feed(enrich.record(CONTACT, "9", contact))
    assert (await question(enrich))["subject"] == "zoho_books.contact/9"
    await enrich.feed(enrich.record(CLIENT, "2", ANA))
    hints = await enrich.rows("select 1 from outbox where topic = 'twinledger.hints.v1'")
    assert len(hints) == 1
    await enrich.feed(enrich.record(CONTACT, "9", contact))
    (row,) = await enrich.rows(
        "select e.fields from crosswalk c join entity e on e.id = c.entity_id where c.object = $1", CONTACT
    )
    assert row["fields"]["email"] == ANA["email"]
    assert await enrich.rows("select id from review_item where state = 'open'") == []
    assert await enrich.rows("select 1 from unresolved") == []
    await Replanner(enrich.pool, enrich.pipeline).plan_one()
    books = [row for row in await enrich.planned() if row["object"] == CONTACT and row["op"] == "create"]
    assert [row["patch"]["email"] for row in books] == ["other@pier.example"]


@pytest.mark.parametrize("together", [True, False])
async def test_an_account_is_judged_again_when_the_contact_it_waited_for_is_known(
    enrich: Enrich, together: bool
) -> None:
    """The contact was taken for a namesake; its own client comes later, and nobody has to say a word."""
    other = ANA | {"email": "other@pier.example", "phones.business": "+12075550177"}
    crm, person = "zoho_crm.contact", ANA | {"phones.business": None}
    account = enrich.record(
        "zoho_crm.account", "50", {"organization": "Pier Books"}, related={"contacts": [f"{crm}/5"]}
    )
    await enrich.feed(enrich.record(CLIENT, "1", other))
    await enrich.feed(enrich.record(crm, "5", person))
    if not together:
        await enrich.feed(account)
        assert len(await enrich.rows("select 1 from review_item where state = 'open'")) == 2
    await enrich.feed(enrich.record(CLIENT, "2", ANA))
    again = [account] if together else []
    await enrich.feed(*again, enrich.record(crm, "5", person))
    asked = await enrich.rows("select subject from review_item where state = 'open'")
    assert [row["subject"] for row in asked] == ["zoho_crm.account/50"]
    hints = await enrich.rows("select value from outbox where topic = 'twinledger.hints.v1' order by id")
    assert b"50" in hints[-1]["value"]


async def test_what_fits_the_son_in_review_is_not_linked_to_the_father(enrich: Enrich) -> None:
    """One name, one mailbox: whether the second is the first is asked, and so is who the third is."""
    jan = ANA | {"name.given": "Jan", "name.family": "Novak", "email": "home@novak.example"}
    son = jan | HOME | {"phones.business": "+12075550222"}
    with_both_numbers = jan | HOME | {"phones.business": "+12075550111", "phones.mobile": "+12075550222"}
    await enrich.feed(enrich.record(CLIENT, "1", jan | {"phones.business": "+12075550111"}))
    await enrich.feed(enrich.record(CONTACT, "9", son))
    await enrich.feed(enrich.record("zoho_crm.contact", "5", with_both_numbers))
    asked = await enrich.rows("select subject from review_item where state = 'open' order by subject")
    assert [row["subject"] for row in asked] == ["zoho_books.contact/9", "zoho_crm.contact/5"]


async def test_the_four_buckets_count_and_name_both_sides(enrich: Enrich) -> None:
    bare = ANA | {"phones.business": None}
    tom = bare | {"name.given": "Tom", "name.family": "Lee", "email": "tom@pier.example"}
    eve = bare | {"name.given": "Eve", "name.family": "Oak", "email": "eve@oak.example"}
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA),
        enrich.record(CONTACT, "9", ANA),
        enrich.record(CLIENT, "2", tom),
        enrich.record(CONTACT, "8", eve),
        enrich.record(CONTACT, "7", tom | {"email": None}),
    )
    async with enrich.pool.acquire() as connection:
        (counts,) = await match_buckets(connection, "default")
        assert counts == {"entity": "customer", "link": 1, "review": 1, "only_left": 1, "only_right": 1}
        (asked,) = await bucket_rows(connection, "default", "review", None, 10)
        assert (asked["record"], asked["why"]) == ("zoho_books.contact/7", "perhaps_the_same")
        (linked,) = await bucket_rows(connection, "default", "link", "customer", 10)
        assert linked["records"] == ["freshbooks.client/1", "zoho_books.contact/9"]
        (left,) = await bucket_rows(connection, "default", "only_left", None, 10)
        assert left["name"] == "Tom Lee"


async def test_a_question_that_answers_itself_in_its_own_batch_is_not_asked(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA))
    await enrich.feed(enrich.record(CONTACT, "9", NAMESAKE), enrich.record(CONTACT, "9", ANA))
    assert await entities(enrich) == 1
    assert await enrich.rows("select id from review_item where state = 'open'") == []


async def test_who_cannot_be_planned_anew_holds_up_no_other(
    enrich: Enrich, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enrich.feed(
        enrich.record(CLIENT, "1", ANA), enrich.record(CLIENT, "2", ANNA | {"name.given": "Zoe"})
    )
    ids = [row["id"] for row in await enrich.rows("select id from entity")]
    async with enrich.pool.acquire() as connection:
        await ask_replan(connection, "default", ids)
    tried: list[UUID] = []

    async def broken(self: EnrichPipeline, connection: Any, workspace: str, wanted: Sequence[UUID]) -> None:
        tried.extend(wanted)
        if len(tried) == 1:
            raise KeyError("unexpected")

    monkeypatch.setattr(EnrichPipeline, "replan", broken)
    while await Replanner(enrich.pool, enrich.pipeline).plan_one():
        pass
    assert sorted(tried) == sorted(ids)
