"""The commands as scripts see them: shapes of their JSON, exit codes, the next command after a refusal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from tests.integration.operations.conftest import Held
from tests.integration.operations.test_plan import new_customer


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: str
    err: str


Twinledger = Callable[..., Awaitable[Answer]]


@pytest.fixture
async def twinledger(held: Held, database: str) -> AsyncIterator[Twinledger]:
    """The program against this test's database."""

    async def run(*arguments: str) -> Answer:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from twinledger.cli.main import main; main()", *arguments,
            env={**os.environ, "DATABASE_URL": database},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        return Answer(process.returncode or 0, out.decode(), err.decode())

    yield run


async def test_a_plan_as_json(held: Held, twinledger: Twinledger) -> None:
    await new_customer(held)
    answer = await twinledger("sync", "plan", "-o", "json")
    plan = json.loads(answer.out)
    assert list(plan) == ["plan", "gate", "changes", "no_change", "unknown", "effects", "forecast", "records"]
    assert (plan["gate"], plan["changes"], plan["no_change"], plan["unknown"]) == ("held", 2, 1, 0)
    assert plan["forecast"] == [
        {"budget_group": "zoho_crm", "writes": 1, "calls": 1, "seconds": 1},
        {"budget_group": "zoho_finance", "writes": 1, "calls": 1, "seconds": 1},
    ]
    assert list(plan["records"][0]) == ["value", "record", "entity_type", "op", "fields"]


async def test_a_plan_as_a_table_ends_with_the_next_command_on_stderr(
    held: Held, twinledger: Twinledger
) -> None:
    await new_customer(held)
    answer = await twinledger("sync", "plan")
    assert "zoho_books.contact from freshbooks.client/1" in answer.out
    assert answer.err.startswith("try: twinledger sync apply --plan ") and "try:" not in answer.out


async def test_nobody_goes_live_without_saying_from_when_documents_are_synced(
    held: Held, twinledger: Twinledger
) -> None:
    await new_customer(held)
    await held.enrich.pool.execute("update workspace set settings = '{}'")
    shown = await twinledger("sync", "plan", "-o", "json")
    assert "try: twinledger admin settings set since 2026-01-01 --workspace default" in shown.err
    plan = json.loads(shown.out)["plan"]
    refused = await twinledger("sync", "apply", "--plan", plan)
    assert (refused.code, refused.out) == (4, "")
    assert "documents (deal, invoice, payment, sales_order) are synced" in refused.err
    assert "twinledger admin settings set since" in refused.err
    await twinledger("admin", "settings", "set", "since", "2026-01-01")
    plan = json.loads((await twinledger("sync", "plan", "-o", "json")).out)["plan"]
    assert (await twinledger("sync", "apply", "--plan", plan)).code == 0
    await held.enrich.pool.execute("update workspace set settings = '{}'")
    assert "since" not in (await twinledger("sync", "plan")).err


async def test_status_says_who_holds_the_gate_and_what_waits(held: Held, twinledger: Twinledger) -> None:
    await new_customer(held)
    status = json.loads((await twinledger("sync", "status", "-o", "json")).out)
    assert (status["gate"], status["held_by"], status["waiting"]["planned"]) == ("held", "go_live", 2)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("sync resume", 1, "goes live by a plan, and none was accepted\ntry: twinledger sync plan"),
        ("sync apply --plan 00", 3, "no plan 00 waits\ntry: twinledger sync plan"),
        ("sync undo", 2, "say --since or --plan\ntry: twinledger sync undo --help"),
        ("sync undo --plan 00", 3, "no plan 00 was accepted\ntry: twinledger sync status"),
        ("sync report --from 2026-02-01 --to 2026-01-01", 2, "the period ends before it begins\ntry: "),
        ("sync status --workspace nobody", 3, "no workspace nobody\ntry: "),
        ("backfill start --object bogus.thing", 2, "nothing maps 'bogus.thing'\ntry: "),
        ("backfill pause 00", 3, "no job 00\ntry: twinledger jobs list"),
    ],
)
async def test_a_refusal_is_its_cause_and_the_next_command(
    held: Held, twinledger: Twinledger, arguments: str, code: int, says: str
) -> None:
    answer = await twinledger(*arguments.split())
    assert (answer.code, answer.out) == (code, "")
    assert says in answer.err


async def test_pause_and_resume_hold_and_release(held: Held, twinledger: Twinledger) -> None:
    await new_customer(held)
    await held.accept((await held.shown()).hash)
    assert (await twinledger("sync", "resume")).code == 0
    assert (await twinledger("sync", "apply", "--plan", "00")).code == 3
    await twinledger("sync", "pause", "--reason", "month end")
    await new_customer(held, "2", email="bo@harbor.example")
    await held.write_all()
    assert len(held.written()) == 2
    status = json.loads((await twinledger("sync", "status", "-o", "json")).out)
    assert status["held_by"] == "month end"
    await twinledger("sync", "resume")
    await held.write_all()
    assert len(held.written()) == 4


async def test_a_job_is_told_at_once_listed_and_cancelled(held: Held, twinledger: Twinledger) -> None:
    started = await twinledger("backfill", "start", "--object", "freshbooks.client", "--detach", "-o", "json")
    job = json.loads(started.out)
    assert started.err == f"job {job['id']}\n" and job["state"] == "queued"
    assert job["params"] == {"objects": ["freshbooks.client"]}
    cancelled = json.loads((await twinledger("jobs", "cancel", job["id"], "-o", "json")).out)
    assert cancelled["state"] == "cancelled" and cancelled["ended_at"]
    refused = await twinledger("backfill", "resume", job["id"])
    assert refused.code == 1 and f"job {job['id']} is cancelled" in refused.err
    (row,) = json.loads((await twinledger("backfill", "list", "-o", "json")).out)
    assert row["id"] == job["id"]


async def test_an_undo_is_only_looked_at_or_applied_at_once(held: Held, twinledger: Twinledger) -> None:
    await new_customer(held)
    plan = (await held.shown()).hash
    assert (await twinledger("sync", "apply", "--plan", plan, "--dry-run")).code == 0
    assert await held.enrich.rows("select 1 from intent where released_by is not null") == []
    await held.accept(plan)
    await held.write_all()
    undo = ("sync", "undo", "--plan", plan, "-o", "json")
    shown = await twinledger(*undo, "--dry-run")
    assert shown.code == 0
    assert await held.enrich.rows("select 1 from sync_plan where kind = 'undo'") == []
    assert (await twinledger(*undo, "--dry-run", "--yes")).code == 2
    done = await twinledger(*undo, "--yes", "--reason", "wrong books")
    assert done.code == 0 and "twinledger sync resume" in done.err
    (kept,) = await held.enrich.rows("select accepted_at, reason from sync_plan where kind = 'undo'")
    assert kept["accepted_at"] is not None and kept["reason"] == "wrong books"
