"""The operations of sync on a running stack, by the command line: hold, plan, apply, compare, undo."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from tests.eventually import eventually
from tests.faults.business import TODAY, Business, having, reached_at
from tests.faults.conftest import Live

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command left behind."""

    code: int
    out: Any
    err: str


async def twinledger(live: Live, *arguments: str, code: int = 0) -> Answer:
    """The program as a person starts it; `-o json` is added."""
    environment = {**os.environ, "DATABASE_URL": live.session.stack.database.address}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from twinledger.cli.main import main; main()", *arguments, "-o", "json",
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == code, f"{arguments}: {process.returncode}\n{out.decode()}\n{err.decode()}"
    return Answer(code, orjson.loads(out) if out else None, err.decode())


async def planned(live: Live) -> None:
    """What was typed is taken in: polled twice, nothing unread, though nothing may be written."""
    await live.session.http.post(f"{live.session.admin}/webhooks/flush", json={})
    await twinledger(live, "sync", "now")
    await twinledger(live, "sync", "now")

    async def all_read() -> bool:
        unread = "select count(*) from due_read where hints > read_hints"
        return not await live.unread_records() and not await live.session.pool.fetchval(unread)

    await eventually(all_read, within_s=60, every_s=0.2)


async def test_hold_plan_apply_and_undo(live: Live) -> None:
    people, email = live.people, "opal@held.example"
    client = await people.create("freshbooks.client", {"fname": "Opal", "lname": "Held", "email": email})
    await live.rest()
    await twinledger(live, "sync", "pause", "--reason", "test")
    began = await live.ledger_end()
    await people.update("freshbooks.client", client, {"fname": "Olga"})
    await planned(live)
    plan = (await twinledger(live, "sync", "plan")).out
    mine = [row for row in plan["records"] if row["value"] == "change"]
    assert {row["record"].partition("/")[0] for row in mine} == {"zoho_crm.contact", "zoho_books.contact"}
    assert all(row["fields"]["name.given"] == {"before": "Opal", "after": "Olga"} for row in mine)
    assert {row["budget_group"] for row in plan["forecast"]} == {"zoho_crm", "zoho_finance"}
    assert not _writes(await live.ledger(began))

    await people.update("freshbooks.client", client, {"fname": "Olivia"})
    await planned(live)
    refused = await twinledger(live, "sync", "apply", "--plan", plan["plan"], code=1)
    assert "~ zoho_books.contact/" in refused.err and "try: twinledger sync plan" in refused.err
    assert not _writes(await live.ledger(began))

    plan = (await twinledger(live, "sync", "plan")).out
    assert (await twinledger(live, "sync", "apply", "--plan", plan["plan"])).out["accepted"] == 2
    await live.rest()
    assert await _names(live, email) == {"Olivia"}

    undone = (await twinledger(live, "sync", "undo", "--plan", plan["plan"])).out
    assert {row["back_to"] for row in undone["writes"]} == {"Opal"}
    await twinledger(live, "sync", "apply", "--plan", undone["plan"])
    await live.rest()
    assert await _names(live, email) == {"Opal"}
    trail = (await twinledger(live, "audit", "show", f"freshbooks.client/{client}")).out
    assert next(v for v in trail["values"] if v["field"] == "name.given")["cause"].startswith("rule undo ")

    await twinledger(live, "sync", "resume")
    await live.rest()
    assert await _names(live, email) == {"Opal"}


async def test_verify_names_what_differs_and_heals_it(live: Live) -> None:
    """An edit that no webhook told and no poll may find (its cursor was moved past it)."""
    await live.rest()
    equal = (await twinledger(live, "sync", "verify", "--full")).out
    assert (equal["differs"], equal["missing"]) == (0, 0), equal["records"]
    assert equal["compared"] > 0
    await live.session.pool.execute(
        """update entity set fields = fields::jsonb || '{"website": "https://drift.example"}'
            where id = (select min(id::text)::uuid from entity where type = 'customer')"""
    )
    drift = (await twinledger(live, "sync", "verify", code=1)).out
    assert drift["differs"] >= 1
    assert {one for row in drift["records"] for one in row["fields"]} == {"website"}
    await live.session.pool.execute(
        "update entity set fields = fields::jsonb - 'website' where fields ->> 'website' = 'https://drift.example'"
    )
    assert (await twinledger(live, "sync", "verify")).out["differs"] == 0


async def test_the_report_names_an_invoice_that_waits(live: Live) -> None:
    business = Business(live, "ledger", random.Random(1))
    await business.open()
    await live.rest()
    await business.pay_one()
    await live.rest()
    sheet = (await twinledger(live, "sync", "report", "--from", TODAY[:8] + "01", "--to", TODAY)).out
    invoices = next(line for line in sheet["lines"] if line["account"] == "invoice")
    assert invoices["difference"] == "0" and invoices["freshbooks"] == invoices["zoho_books"]
    assert not [one for one in sheet["differences"] if "draft" not in one["cause"]], sheet["differences"]

    await twinledger(live, "sync", "pause")
    client = next(iter(business.clients.values()))
    line = {"name": "Oven", "qty": "1", "unit_cost": {"amount": "33.00", "code": "USD"}, "type": 0}
    made = await live.people.create(
        "freshbooks.invoice",
        {"customerid": int(client), "create_date": TODAY, "invoice_number": "HELD-1", "lines": [line]},
    )
    await live.people.act("freshbooks.invoice", "send", made)
    await planned(live)
    sheet = (await twinledger(live, "sync", "report", "--from", TODAY[:8] + "01", "--to", TODAY)).out
    waiting = [one for one in sheet["differences"] if one["document"] == "invoice HELD-1"]
    assert [one["account"] for one in waiting] == ["invoice", "invoice still owed"]
    for one in waiting:
        assert one["cause"] == "not in zoho_books: a write is planned" and one["difference"] == "-33"
    await twinledger(live, "sync", "resume")
    await live.rest()


async def test_a_backfill_goes_on_after_kill_9_of_ingest(live: Live) -> None:
    answer = await twinledger(live, "backfill", "start", "--detach")
    job = answer.out["id"]
    assert job in answer.err
    read = "select done > 0 from job where id = $1"
    await eventually(lambda: live.session.pool.fetchval(read, job), within_s=30, every_s=0.01)
    live.kill("ingest")
    ended = (await twinledger(live, "jobs", "show", job, "--watch")).out
    assert ended["state"] == "done" and ended["done"] >= ended["expected"] > 0
    await live.rest()
    assert datetime.fromisoformat(ended["ended_at"]) <= datetime.now(UTC)


async def _names(live: Live, email: str) -> set[str]:
    client = await live.one("freshbooks.client", having("email", email))
    contact = await live.one("zoho_crm.contact", having("Email", email))
    books = await live.one("zoho_books.contact", reached_at(email))
    return {client["fname"], contact["First_Name"], books["contact_persons"][0]["first_name"]}


def _writes(ledger: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Calls over an API that changed something."""
    return [row for row in ledger if row["kind"] == "request" and row["objects"]]
