"""Enrich: the end of a record that is heard of twice, and what stands or waits in its place by then."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import ANA, Enrich
from tests.integration.enrich import test_ends as ends
from tests.integration.enrich import test_retyping as retyping
from tests.integration.enrich.test_merges import BOOKS_ANA, CLIENT, CONTACT, hinted, row_of, states

from twinledger.enrich.replanner import Replanner

CRM, ACCOUNT = "zoho_crm.contact", "zoho_crm.account"


async def replanned(enrich: Enrich) -> None:
    while await Replanner(enrich.pool, enrich.pipeline).plan_one():
        pass


async def creates(enrich: Enrich) -> list[tuple[str, Any]]:
    """Object and mailbox."""
    return [(r["object"], r["patch"].get("email")) for r in await enrich.planned() if r["op"] == "create"]


async def open_reviews(enrich: Enrich) -> list[dict[str, Any]]:
    return await enrich.rows(
        "select kind, subject, evidence from review_item where state = 'open' order by id"
    )


async def test_a_second_word_of_a_deletion_drops_no_record_that_is_made_again(enrich: Enrich) -> None:
    await ends.on_all_sides(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"}))
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    assert CRM in [one for one, _ in await creates(enrich)]
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))  # webhook and poll
    await enrich.feed(
        enrich.record(CONTACT, "9", BOOKS_ANA | {"name.given": "Anna"})
    )  # the echo of our write
    assert CRM in [one for one, _ in await creates(enrich)]


async def test_a_namesake_that_is_deleted_does_not_keep_its_candidate_out(enrich: Enrich) -> None:
    namesake = ANA | {"email": None, "phones.business": None}
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA))
    assert (CLIENT, "ana@harbor.example") in await creates(enrich)
    await enrich.feed(enrich.record(CLIENT, "2", namesake))
    (question,) = await open_reviews(enrich)
    assert question["evidence"]["why"] == "perhaps_the_same"
    assert CLIENT not in [one for one, _ in await creates(enrich)]
    await enrich.feed(enrich.record(CLIENT, "2", namesake | {"state": "deleted"}))
    assert await open_reviews(enrich) == []
    await replanned(enrich)
    await enrich.feed(enrich.record(CONTACT, "9", BOOKS_ANA | {"notes": "still here"}))
    assert (CLIENT, "ana@harbor.example") in await creates(enrich)


async def test_a_second_word_of_a_deletion_meets_a_double_in_review(enrich: Enrich) -> None:
    await ends.on_all_sides(enrich)
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    await enrich.feed(enrich.record(CRM, "6", ends.CRM_ANA))
    await enrich.feed(enrich.record(CRM, "7", ends.CRM_ANA))
    assert [(await row_of(enrich, CRM, one)).status for one in "567"] == ["deleted", "active", "orphan"]
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    assert [(await row_of(enrich, CRM, one)).status for one in "567"] == ["deleted", "active", "orphan"]


async def test_another_person_of_an_account_takes_nobodys_place_unasked(enrich: Enrich) -> None:
    await retyping.organization(enrich)
    ben = {"name.given": "Ben", "name.family": "Okoro", "email": "ben@harbor.example"}
    await enrich.feed(enrich.record(CRM, "6", ben, links={"account": f"{ACCOUNT}/50"}))
    (question,) = await open_reviews(enrich)
    assert question["evidence"]["why"] == "another_person_of_its_account"
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    assert (await row_of(enrich, CRM, "6")).status == "orphan"
    await enrich.feed(enrich.record(CRM, "6", ben, links={"account": f"{ACCOUNT}/50"}))
    plans = await retyping.planned(enrich)
    assert "email" not in plans.get(CLIENT, ("", {}))[1]


async def test_a_double_that_takes_over_frees_its_other_candidate(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CONTACT, "91", BOOKS_ANA))
    other = {"email": "ana2@pier.example"}
    await enrich.feed(enrich.record(CONTACT, "92", BOOKS_ANA | other))
    assert (CLIENT, "ana2@pier.example") in await creates(enrich)
    await enrich.feed(enrich.record(CLIENT, "2", ANA))
    (question,) = await open_reviews(enrich)
    assert question["evidence"]["why"] == "several_candidates"
    assert CLIENT not in [one for one, _ in await creates(enrich)]
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    await enrich.feed(enrich.record(CLIENT, "2", ANA | {"notes": "read"}))
    await replanned(enrich)
    await enrich.feed(enrich.record(CONTACT, "92", BOOKS_ANA | other | {"notes": "typed"}))
    assert (CLIENT, "ana2@pier.example") in await creates(enrich) or await open_reviews(enrich)


async def test_an_edit_wins_against_the_deletion_of_what_was_made_again(enrich: Enrich) -> None:
    await ends.on_all_sides(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"name.given": "Anna"}))
    await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    (create,) = [r for r in await enrich.planned() if r["object"] == CRM]
    await enrich.feed(
        enrich.record(CRM, "6", ends.CRM_ANA | {"name.given": "Anna"}, reference=create["reference"])
    )
    await ends.confirm_all(enrich)
    await enrich.pool.execute("update review_item set state = 'answered'")
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"name.given": "Annika"}))
    await enrich.feed(enrich.record(CRM, "6", {}, gone=True))
    if f"{CRM}/5" in await hinted(enrich):
        await enrich.feed(enrich.record(CRM, "5", {}, gone=True))
    assert await states(enrich) == {"active"}
    assert "deleted_and_changed" in {r["kind"] for r in await open_reviews(enrich)}


async def test_a_client_entered_again_after_it_was_deleted(enrich: Enrich) -> None:
    await ends.on_all_sides(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    await ends.confirm_all(enrich)
    await enrich.feed(enrich.record(CLIENT, "2", ANA))
    if f"{CLIENT}/1" in await hinted(enrich):
        await enrich.feed(enrich.record(CLIENT, "1", ANA | {"state": "deleted"}))
    assert (await row_of(enrich, CLIENT, "2")).status == "active"
