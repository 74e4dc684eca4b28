"""Side effects over the whole road: nobody is mailed by itself; who asks for it is mailed to once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.faults.business import having
from tests.faults.conftest import Live
from tests.faults.test_flows import order

pytestmark = pytest.mark.asyncio(loop_scope="session")

SENT = 2
MAILED = """update workspace set settings = '{"invoice_state": "sent", "invoice_effects": "email"}'"""


@pytest_asyncio.fixture(loop_scope="session")
async def mailing(live: Live) -> AsyncIterator[Live]:
    """Invoices of orders are sent, by e-mail."""
    await live.session.pool.execute(MAILED)
    yield live
    await live.session.pool.execute("update workspace set settings = '{}'")


async def billed(live: Live, name: str) -> dict[str, Any]:
    await order(live, name, 1)
    await live.rest()
    return await live.one("freshbooks.invoice", having("po_number", name))


async def test_by_itself_nobody_is_mailed(live: Live) -> None:
    before = await live.ledger_end()
    await live.session.pool.execute('update workspace set settings = \'{"invoice_state": "sent"}\'')
    assert (await billed(live, "quiet"))["status"] == SENT
    assert "action_email" not in str(await live.ledger(before))
    await live.session.pool.execute("update workspace set settings = '{}'")


@pytest.mark.parametrize("fault", ["none", "timeout_after", "status_before:503"])
async def test_an_invoice_that_asks_for_it_is_mailed_once(mailing: Live, fault: str) -> None:
    live, before = mailing, await mailing.ledger_end()
    if fault != "none":
        await live.fault("freshbooks", "PUT", "*/invoices/invoices/*", fault)
    name = f"loud{fault[:3]}{len(fault)}"
    invoice = await billed(live, name)
    assert invoice["status"] == SENT
    rows = await live.ledger(before)
    calls = [row for row in rows if "action_email" in str(row.get("body"))]
    assert calls[0]["body"]["invoice"] == {"action_email": True, "email_recipients": [f"{name}@f.example"]}
    assert len([row for row in calls if row["objects"]]) == 1  # what was refused named none
