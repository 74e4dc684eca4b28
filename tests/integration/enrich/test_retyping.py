"""Enrich: a person becomes an organization and back: rows and links change, nothing is doubled."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import ANA, Enrich

CLIENT, CRM, ACCOUNT = "freshbooks.client", "zoho_crm.contact", "zoho_crm.account"
CRM_ANA = {key: ANA[key] for key in ("name.given", "name.family", "email", "phones.business")}
FIRM = {"organization": "Harbor", "kind": "organization"}


async def person(enrich: Enrich) -> None:
    await enrich.feed(enrich.record(CLIENT, "1", ANA), enrich.record(CRM, "5", CRM_ANA))
    await settled(enrich)


async def settled(enrich: Enrich) -> None:
    await enrich.pool.execute("update intent set state = 'confirmed' where state = 'planned'")
    await enrich.pool.execute(
        """update shadow s set fields = s.fields::jsonb || i.patch::jsonb,
                  bases = s.bases::jsonb || i.bases::jsonb, content_hash = null
              from intent i
            where i.entity_id = s.entity_id and i.object = s.object and i.state = 'confirmed'"""
    )


async def organization(enrich: Enrich) -> None:
    """Ana with an account, read back from CRM."""
    await person(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | FIRM))
    await settled(enrich)
    links = {"account": f"{ACCOUNT}/50"}
    shown = {key: CRM_ANA[key] for key in ("name.given", "name.family", "email")}
    account = {"organization": "Harbor", "kind": "organization"}
    await enrich.feed(
        enrich.record(CRM, "5", shown, links=links),
        enrich.record(ACCOUNT, "50", account, related={"contacts": [f"{CRM}/5"]}),
    )
    await settled(enrich)


async def planned(enrich: Enrich) -> dict[str, Any]:
    return {row["object"]: (row["op"], row["patch"]) for row in await enrich.planned()}


async def test_a_person_who_gets_an_organization_gets_an_account_and_is_linked_to_it(enrich: Enrich) -> None:
    await person(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | FIRM))
    plans = await planned(enrich)
    assert plans[ACCOUNT][0] == "create"
    assert plans[CRM] == ("update", {"link:account": "linked"})
    assert len(await enrich.rows("select id from entity")) == 1


async def test_a_contact_that_is_linked_is_not_linked_again(enrich: Enrich) -> None:
    await organization(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | FIRM | {"name.given": "Anna"}))
    assert (await planned(enrich))[CRM] == ("update", {"name.given": "Anna"})


async def test_a_link_that_a_person_took_away_is_not_put_back(enrich: Enrich) -> None:
    await organization(enrich)
    await enrich.feed(enrich.record(CRM, "5", CRM_ANA | {"name.given": "Anna"}))
    assert CRM not in await planned(enrich)


async def test_an_organization_that_becomes_a_person_leaves_its_account_which_stays(enrich: Enrich) -> None:
    await organization(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"organization": None}))
    plans = await planned(enrich)
    assert plans[CRM][1]["link:account"] is None
    assert ACCOUNT not in plans
    (review,) = await enrich.rows("select kind, subject from review_item")
    assert review == {"kind": "retyped", "subject": f"{ACCOUNT}/50"}


async def test_the_link_is_cleared_once_and_comes_back_with_the_organization(enrich: Enrich) -> None:
    await organization(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | {"organization": None}))
    await settled(enrich)
    await enrich.feed(enrich.record(CRM, "5", CRM_ANA))
    assert await planned(enrich) == {}
    await enrich.feed(enrich.record(CLIENT, "1", ANA | FIRM))
    plans = await planned(enrich)
    assert plans[CRM][1]["link:account"] == "linked"
    assert ACCOUNT not in plans
    rows = await enrich.rows("select external_id, status from crosswalk where object = $1", ACCOUNT)
    assert rows == [{"external_id": "50", "status": "active"}]


async def test_a_linked_contact_is_not_torn_from_an_account_that_was_not_read_yet(enrich: Enrich) -> None:
    contact = enrich.record(CRM, "5", CRM_ANA, links={"account": f"{ACCOUNT}/50"})
    await enrich.feed(enrich.record(CLIENT, "1", ANA), contact)
    assert "link:account" not in (await planned(enrich)).get(CRM, ("", {}))[1]
    assert await enrich.rows("select id from review_item") == []


async def test_a_deleted_account_is_not_waited_for(enrich: Enrich) -> None:
    await organization(enrich)
    await enrich.feed(enrich.record(ACCOUNT, "50", {}, gone=True))
    await enrich.pool.execute(
        "update shadow set fields = fields::jsonb - 'link:account' where object = $1", CRM
    )
    await enrich.feed(enrich.record(CLIENT, "1", ANA | FIRM | {"name.given": "Anna"}))
    assert (await planned(enrich))[CRM] == ("update", {"name.given": "Anna"})


async def test_an_account_is_not_made_for_who_is_a_person_by_now(enrich: Enrich) -> None:
    await person(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA | FIRM))
    assert ACCOUNT in await planned(enrich)
    await enrich.feed(enrich.record(CLIENT, "1", ANA))
    assert ACCOUNT not in await planned(enrich)


PIER = {"organization": "Pier", "kind": "organization"}


async def pier(enrich: Enrich) -> None:
    """Ana, a person, and Cy of another customer with account 60."""
    await person(enrich)
    cy = {"name.given": "Cy", "name.family": "Okoro", "email": "cy@pier.example"}
    await enrich.feed(enrich.record(CLIENT, "2", ANA | cy | PIER | {"phones.business": "+12075550777"}))
    await enrich.feed(
        enrich.record(CRM, "6", cy, links={"account": f"{ACCOUNT}/60"}),
        enrich.record(ACCOUNT, "60", PIER, related={"contacts": [f"{CRM}/6"]}),
    )
    await settled(enrich)


async def asked(enrich: Enrich) -> list[tuple[str, str]]:
    rows = await enrich.rows("select kind, subject from review_item where state = 'open'")
    return [(row["kind"], row["subject"]) for row in rows]


async def test_who_is_put_into_the_account_of_another_customer_is_asked_about_once(enrich: Enrich) -> None:
    await pier(enrich)
    shown = {key: CRM_ANA[key] for key in ("name.given", "name.family", "email")}
    await enrich.feed(enrich.record(CRM, "5", shown, links={"account": f"{ACCOUNT}/60"}))
    assert await asked(enrich) == [("linked_to_another", f"{CRM}/5")]
    await enrich.pool.execute("update review_item set state = 'answered'")
    await enrich.feed(
        enrich.record(CRM, "5", shown | {"name.given": "Anna"}, links={"account": f"{ACCOUNT}/60"})
    )
    assert await asked(enrich) == []
