"""What a vendor makes of a value is no edit, and an edit that nobody announced survives our own write."""

from __future__ import annotations

import asyncio
import re

import orjson
import pytest
from tests.faults.business import having
from tests.faults.conftest import Live

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def sent_to(live: Live, began: int, system: str, key: str) -> list[bytes]:
    """What our own requests said under this key, in the order they left."""
    found = re.compile(rb'"%s":({[^}]*}|[^,}]*)' % key.encode())
    bodies = [
        row["body"]
        for row in await live.ledger(began)
        if row["kind"] == "request" and row["system"] == system
    ]
    return [said for body in bodies for said in found.findall(orjson.dumps(body))]


async def test_a_price_that_freshbooks_rounds_is_written_once_and_never_comes_back(live: Live) -> None:
    began, people = await live.ledger_end(), live.people
    lamp = {"name": "Lamp of thirds", "rate": 12.345, "sku": "THIRDS", "product_type": "service"}
    item = await people.create("zoho_books.item", lamp)
    await live.rest()
    ours = await live.one("freshbooks.item", having("sku", "THIRDS"))
    assert ours["unit_cost"]["amount"] == "12.35"
    await people.update("freshbooks.item", str(ours["id"]), {"description": "typed in FreshBooks"})
    await people.update("zoho_books.item", item, {"name": "Lamp of three thirds"})
    await live.rest()
    theirs = await live.one("zoho_books.item", having("sku", "THIRDS"))
    assert (theirs["rate"], theirs["description"]) == (12.345, "typed in FreshBooks")
    assert (await live.one("freshbooks.item", having("sku", "THIRDS")))["name"] == "Lamp of three thirds"
    assert set(await sent_to(live, began, "zoho_books", "rate")) <= {b"12.345"}
    assert len(await sent_to(live, began, "freshbooks", "unit_cost")) == 1


async def test_edits_between_two_polls_survive_our_writes_to_the_same_records(live: Live) -> None:
    """No webhook comes through; edits in FreshBooks make us write to the record that is edited in CRM."""
    people, mail = live.people, "ida@unannounced.example"
    client = await people.create("freshbooks.client", {"fname": "Ida", "lname": "Quiet", "email": mail})
    await live.rest()
    contact = await live.one("zoho_crm.contact", having("Email", mail))
    await people.webhooks(loss=1)
    try:
        for number in range(5):
            phone = f"+1207555{number:04d}"
            await asyncio.gather(
                people.update("zoho_crm.contact", contact["id"], {"Mobile": phone}),
                people.update("freshbooks.client", client, {"fname": f"Ida {number}"}),
            )
            await asyncio.sleep(0.3 * number)
        await live.rest()
    finally:
        await people.webhooks(loss=0)
    ours = await live.one("freshbooks.client", having("email", mail))
    theirs = await live.one("zoho_crm.contact", having("Email", mail))
    assert (ours["fname"], ours["mob_phone"]) == ("Ida 4", "+12075550004")
    assert (theirs["First_Name"], theirs["Mobile"]) == ("Ida 4", "+12075550004")
