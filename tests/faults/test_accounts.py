"""The account table over the whole road: set by command, seen in Books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.faults.business import having
from tests.faults.conftest import Live
from tests.faults.test_flows import order, pay
from tests.faults.test_two_workspaces import Command

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def tables(live: Live) -> AsyncIterator[Live]:
    """Checks go to an account of their own, as money that came by itself."""
    choose = ("admin", "settings", "set", "-o", "json")
    await Command(live)(*choose, "accounts.payment_mode.Check", "autotransaction")
    await Command(live)(*choose, "accounts.deposit_account.check", ACCOUNT)
    yield live
    await live.session.pool.execute("update workspace set settings = '{}'")


ACCOUNT = "7001000000000999"


async def received(live: Live, invoice: dict[str, Any]) -> list[tuple[str, str]]:
    """Mode and account of the payments of an invoice in Books."""
    rows = await live.people.records("zoho_books.customer_payment")
    numbers = [(one["invoice_number"], row) for row in rows for one in row["invoices"]]
    return [
        (row["payment_mode"], row["account_id"])
        for number, row in numbers
        if number == invoice["invoice_number"]
    ]


async def test_a_payment_arrives_by_the_mode_and_in_the_account_of_the_table(tables: Live) -> None:
    live = tables
    await order(live, "table1", 1)
    await live.rest()
    invoice = await live.one("freshbooks.invoice", having("po_number", "table1"))
    await live.people.act("freshbooks.invoice", "send", str(invoice["id"]))
    await pay(live, invoice, "40.00")
    await live.rest()
    assert await received(live, invoice) == [("autotransaction", ACCOUNT)]
