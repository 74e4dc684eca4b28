"""Records that end at a vendor, over the whole road: swept, archived, restored, merged, held, answered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.eventually import eventually
from tests.faults.business import having, reached_at
from tests.faults.conftest import Live

from twinledger.cli.held_deletions import answer_mass_delete

pytestmark = pytest.mark.asyncio(loop_scope="session")

TODAY = "2026-11-20"
DELETED, ARCHIVED = 1, 2


async def customer(live: Live, name: str) -> tuple[str, str, str]:
    """One customer on three sides: FreshBooks client, CRM contact, Books contact."""
    email = f"{name}@ends.example"
    fields = {"fname": "Eve", "lname": name.title(), "email": email}
    client = await live.people.create("freshbooks.client", fields)
    await live.rest()
    contact = await live.one("zoho_crm.contact", having("Email", email))
    books = await live.one("zoho_books.contact", reached_at(email))
    return client, str(contact["id"]), str(books["contact_id"])


async def shown(live: Live, object_name: str, record_id: str) -> dict[str, Any]:
    """A record as the vendor has it, deleted or not; empty when it is no more."""
    system, _, name = object_name.partition(".")
    rows = await live.session.http.get(
        f"{live.session.admin}/state", params={"system": system, "object": name, "id": record_id}
    )
    return dict(rows.json()["record"]) if rows.content.strip() else {}


async def is_client(live: Live, client: str, vis_state: int) -> bool:
    return bool((await shown(live, "freshbooks.client", client))["vis_state"] == vis_state)


async def is_books(live: Live, contact: str, status: str) -> bool:
    return bool((await shown(live, "zoho_books.contact", contact)).get("status") == status)


async def reviews(live: Live, *subjects: str) -> list[tuple[str, str]]:
    rows = await live.session.pool.fetch(
        "select kind, subject from review_item where state = 'open' and subject = any($1) order by id",
        list(subjects),
    )
    return [(row["kind"], row["subject"]) for row in rows]


async def swept(live: Live, object_name: str) -> None:
    """Two sweeps ended: the first may have begun before now."""
    pool = live.session.pool
    for _ in range(2):
        now = await pool.fetchval("select clock_timestamp()")

        async def ended(since: Any = now) -> bool:
            return bool(
                await pool.fetchval("select ended_at > $2 from sweep where object = $1", object_name, since)
            )

        await eventually(ended, within_s=60, every_s=0.2)


async def test_a_contact_that_disappears_from_books_without_a_word_is_found_by_a_sweep(live: Live) -> None:
    client, _, books = await customer(live, "swept")
    await live.people.webhooks(loss=1.0)
    try:
        await live.people.act("zoho_books.contact", "delete", books)
        await eventually(lambda: is_client(live, client, ARCHIVED), within_s=60, every_s=0.2)
    finally:
        await live.people.webhooks(loss=0.0)
    await live.rest()
    assert await shown(live, "zoho_books.contact", books) == {}


async def test_a_crm_contact_in_the_recycle_bin_archives_and_comes_back(live: Live) -> None:
    client, contact, books = await customer(live, "binned")
    await live.people.act("zoho_crm.contact", "delete", contact)
    await eventually(lambda: is_client(live, client, ARCHIVED), within_s=60, every_s=0.2)
    await eventually(lambda: is_books(live, books, "inactive"), within_s=60, every_s=0.2)
    await live.rest()
    await live.people.act("zoho_crm.contact", "restore", contact)
    await eventually(lambda: is_client(live, client, 0), within_s=60, every_s=0.2)
    await eventually(lambda: is_books(live, books, "active"), within_s=60, every_s=0.2)
    await live.rest()
    back = await live.one("zoho_crm.contact", having("Email", "binned@ends.example"))
    assert back["id"] == contact


async def test_archive_delete_and_restore_of_a_client_travel_to_books_and_back(live: Live) -> None:
    client, _, books = await customer(live, "stored")
    await live.people.act("freshbooks.client", "delete", client)
    await eventually(lambda: is_books(live, books, "inactive"), within_s=60, every_s=0.2)
    await live.rest()
    await live.people.act("zoho_books.contact", "restore", books)
    await eventually(lambda: is_client(live, client, 0), within_s=60, every_s=0.2)
    await live.rest()
    await live.people.act("zoho_books.contact", "archive", books)
    await eventually(lambda: is_client(live, client, ARCHIVED), within_s=60, every_s=0.2)
    await live.rest()
    await live.one("zoho_crm.contact", having("Email", "stored@ends.example"))


async def test_an_edit_in_books_wins_against_a_deletion_in_freshbooks(live: Live) -> None:
    client, contact, books = await customer(live, "argued")
    live_books = await shown(live, "zoho_books.contact", books)
    person = live_books["contact_persons"][0] | {"first_name": "Eva"}
    await live.people.webhooks(delay_s=1.0)
    try:
        await live.people.update("zoho_books.contact", books, {"contact_persons": [person]})
        await live.people.act("freshbooks.client", "delete", client)
        await eventually(lambda: is_client(live, client, 0), within_s=60, every_s=0.2)
    finally:
        await live.people.webhooks(delay_s=0.0)
    await live.rest()
    assert (await shown(live, "freshbooks.client", client))["fname"] == "Eva"
    assert (await shown(live, "zoho_crm.contact", contact))["First_Name"] == "Eva"
    assert await is_books(live, books, "active")
    keys = [f"freshbooks.client/{client}", f"zoho_books.contact/{books}"]
    assert [kind for kind, _ in await reviews(live, *keys)] == ["deleted_and_changed"]


async def invoice_of(live: Live, client: str, number: str) -> str:
    line = {"type": 0, "name": "Work", "qty": "1", "unit_cost": {"amount": "70.00", "code": "USD"}}
    return await live.people.create(
        "freshbooks.invoice",
        {"customerid": int(client), "create_date": TODAY, "invoice_number": number, "lines": [line]},
    )


async def test_a_deleted_invoice_is_void_in_books_and_never_deleted(live: Live) -> None:
    client, _, _ = await customer(live, "voided")
    invoice = await invoice_of(live, client, "END-1")
    await live.people.act("freshbooks.invoice", "send", invoice)
    await live.rest()
    await live.people.act("freshbooks.invoice", "delete", invoice)

    async def void() -> bool:
        row = await live.one("zoho_books.invoice", having("invoice_number", "END-1"))
        return bool(row["status"] == "void")

    await eventually(void, within_s=60, every_s=0.2)


async def test_merged_clients_lose_no_invoice_and_the_merge_is_proposed_in_books(live: Live) -> None:
    loser, _, books_loser = await customer(live, "merged")
    survivor, _, books_survivor = await customer(live, "kept")
    await invoice_of(live, loser, "END-2")
    await live.rest()
    await live.people.act("freshbooks.client", "merge", loser, {"into": survivor})

    async def moved() -> bool:
        row = await live.one("zoho_books.invoice", having("invoice_number", "END-2"))
        return bool(row["customer_id"] == books_survivor)

    await eventually(moved, within_s=60, every_s=0.2)
    await live.rest()
    assert ("merge", f"zoho_books.contact/{books_loser}") in await reviews(
        live, f"zoho_books.contact/{books_loser}"
    )
    assert await is_books(live, books_loser, "active")
    await live.people.act("zoho_books.contact", "merge", books_loser, {"into": books_survivor})
    await live.rest()
    await swept(live, "zoho_books.contact")
    await live.rest()
    row = await live.one("zoho_books.invoice", having("invoice_number", "END-2"))
    assert row["customer_id"] == books_survivor
    assert await is_client(live, survivor, 0)
    rows = await live.session.pool.fetch(
        "select object, status, merged_into from crosswalk where external_id = any($1) order by object",
        [loser, books_loser],
    )
    assert [tuple(row) for row in rows] == [
        ("freshbooks.client", "merged_into", survivor),
        ("zoho_books.contact", "merged_into", books_survivor),
    ]
    assert await reviews(live, f"zoho_books.contact/{books_loser}") == []


async def test_a_merge_in_books_keeps_the_invoice_of_its_client(live: Live) -> None:
    client, _, books = await customer(live, "fused")
    other, _, books_kept = await customer(live, "fusing")
    await invoice_of(live, client, "END-3")
    await live.rest()
    await live.people.act("zoho_books.contact", "merge", books, {"into": books_kept})
    await live.rest()
    await swept(live, "zoho_books.contact")
    await live.rest()
    row = await live.one("zoho_books.invoice", having("invoice_number", "END-3"))
    assert row["customer_id"] == books_kept
    ours = await live.one("freshbooks.invoice", having("invoice_number", "END-3"))
    assert str(ours["customerid"]) == client
    assert await is_client(live, client, 0) and await is_client(live, other, 0)
    assert await reviews(live, f"freshbooks.client/{client}") == [("merge", f"freshbooks.client/{client}")]


async def test_a_mass_deletion_is_held_until_a_person_says_no(live: Live) -> None:
    emails = [f"m{number}@ends.example" for number in range(24)]
    clients = [
        await live.people.create("freshbooks.client", {"fname": "Max", "lname": f"M{number}", "email": email})
        for number, email in enumerate(emails)
    ]
    await live.rest()
    contacts = [await live.one("zoho_books.contact", reached_at(email)) for email in emails]
    await live.session.pool.execute("update tombstone set found_at = now() - interval '1 hour'")
    for client in clients:
        await live.people.act("freshbooks.client", "delete", client)

    async def held() -> bool:
        query = "select count(*) from tombstone where state in ('held', 'buried') and external_id = any($1)"
        return bool(await live.session.pool.fetchval(query, clients) == len(clients))

    await eventually(held, within_s=60, every_s=0.2)
    (row,) = await live.session.pool.fetch("select * from review_item where kind = 'mass_delete'")
    assert row["subject"] == "customer"
    async with live.session.pool.acquire() as connection, connection.transaction():
        said = await answer_mass_delete(connection, row["workspace"], row["id"], "discard")
    count = said["discarded"]
    assert count >= 4
    await live.rest()
    states = [(await shown(live, "zoho_books.contact", one["contact_id"]))["status"] for one in contacts]
    assert states.count("inactive") == len(clients) - count


async def test_a_person_becomes_an_organization_and_a_person_again(live: Live) -> None:
    client, contact, books = await customer(live, "grown")
    await live.people.update("freshbooks.client", client, {"organization": "Grown Ltd"})

    async def linked() -> bool:
        return bool((await shown(live, "zoho_crm.contact", contact)).get("Account_Name"))

    await eventually(linked, within_s=60, every_s=0.2)
    await live.rest()
    account = await live.one("zoho_crm.account", having("Account_Name", "Grown Ltd"))
    found = await shown(live, "zoho_crm.contact", contact)
    assert found["Account_Name"]["id"] == account["id"]
    await live.people.update("freshbooks.client", client, {"organization": ""})

    async def left() -> bool:
        return not await linked()

    await eventually(left, within_s=60, every_s=0.2)
    await live.rest()
    await live.one("zoho_crm.account", having("Account_Name", "Grown Ltd"))
    await live.one("zoho_crm.contact", having("Email", "grown@ends.example"))
    assert (await shown(live, "zoho_books.contact", books))["company_name"] == ""
    key = f"zoho_crm.account/{account['id']}"
    assert await reviews(live, key) == [("retyped", key)]
    await live.people.update("freshbooks.client", client, {"organization": "Grown again"})
    await eventually(linked, within_s=60, every_s=0.2)
    await live.rest()
    again = await shown(live, "zoho_crm.contact", contact)
    assert again["Account_Name"]["id"] == account["id"]
    assert (await shown(live, "zoho_crm.account", account["id"]))["Account_Name"] == "Grown again"


async def lost_clients(live: Live) -> float:
    """Changes of FreshBooks clients that no webhook announced."""
    port = live.session.stack.stage_environment("ingest")["TWINLEDGER_ADMIN_PORT"]
    answer = await live.session.http.get(f"http://127.0.0.1:{port}/metrics")
    name = 'twinledger_webhook_lost_total{object="freshbooks.client",system="freshbooks"}'
    found = [line for line in answer.text.splitlines() if line.startswith(name)]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


async def test_lost_webhooks_are_counted_and_their_changes_found(live: Live) -> None:
    clients = [(await customer(live, f"unheard{number}"))[0] for number in range(3)]
    await asyncio.sleep(2)  # stamps have whole seconds: what comes now is newer than the cursor
    await live.session.pool.execute("update due_read set hinted_at = hinted_at - interval '1 minute'")
    before = await lost_clients(live)
    await live.people.webhooks(loss=1.0)
    try:
        await asyncio.gather(
            *(live.people.update("freshbooks.client", client, {"fname": "Una"}) for client in clients)
        )
        for number in range(len(clients)):

            async def arrived(email: str = f"unheard{number}@ends.example") -> bool:
                row = await live.one("zoho_crm.contact", having("Email", email))
                return bool(row["First_Name"] == "Una")

            await eventually(arrived, within_s=60, every_s=0.2)
    finally:
        await live.people.webhooks(loss=0.0)
    await live.rest()
    assert await lost_clients(live) == before + len(clients)
