"""Demo: the scenario, top to bottom: seed, connect, first sync, a busy day, payments, compare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.status import Status

from twinledger.cli.demo.acts import People
from twinledger.cli.demo.business import make_plan
from twinledger.cli.demo.busy_day import edit_both_sides, pay
from twinledger.cli.demo.compare import EntityResult
from twinledger.cli.demo.poison import dead_letters, put_on_the_road
from twinledger.cli.demo.progress import wait_for_rest
from twinledger.cli.demo.report import Outcome
from twinledger.cli.demo.seeding import Seeded, seed
from twinledger.cli.demo.sides import compare_sides
from twinledger.cli.demo.vendor_reads import sign_in_freshbooks, sign_in_zoho
from twinledger.cli.dev.session import Session
from twinledger.cli.output import say, stderr_console

__all__ = ["play"]

_CONFLICTS = """
    select entity_type, field, policy, winner, loser, found_at from conflict
     where found_at >= $1 order by found_at, id
"""
_QUESTIONS = """
    select id, kind, subject from review_item where state = 'open' and raised_at >= $1 order by id
"""


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long each wait may take; the vendors' own limits need minutes."""

    first_sync_s: float
    later_s: float


async def play(session: Session, began: float) -> Outcome:
    """The whole scenario; `began` is when the command started."""
    clock, stack = session.clock, session.stack
    patience = _Patience(60, 45) if stack.options.tenfold else _Patience(900, 600)
    since = clock.now()
    people = People(session.http, session.admin)
    run = _next_run(stack.folders.data / "demo-runs")
    with stderr_console().status("seeding both sides") as status:
        plan = make_plan(run)
        seeded = await seed(people, plan, since.date())
        counts = f"{len(plan.persons)} customers, {len(plan.goods)} items, {len(plan.orders)} sales orders"
        _done(session, began, f"seeded {counts}")
        status.update("connecting by OAuth, starting the stages")
        await session.go_live()
        _done(session, began, "connected to FreshBooks and Zoho; ingest, transform, enrich and loader run")
        await _rest(session, status, "first sync", patience.first_sync_s)
        _done(session, began, "first sync ended")
        await edit_both_sides(people, plan, seeded)
        await put_on_the_road(stack.broker.address, stack.options.workspace, run, clock)
        await _rest(session, status, "edits on both sides", patience.later_s)
        _done(session, began, "edits of both sides are through, webhooks doubled and out of order")
        full, part = await pay(people, await _order_numbers(people, seeded), since.date())
        await _rest(session, status, "payments", patience.later_s)
        _done(session, began, f"{full} invoices paid in full, {part} in part")
        status.update("reading both sides through the vendors' own APIs")
        results = await _compare(session, status, patience.later_s)
    await people.webhooks(duplicate=0, reorder=0, delay_s=0)
    await session.http.post(f"{session.admin}/snapshot", json={})
    session.write_run_file()
    return Outcome(
        clock.monotonic() - began,
        f"{stack.broker.name} {stack.broker.version}",
        f"{stack.database.name} {stack.database.version}",
        results,
        [dict(row) for row in await session.pool.fetch(_CONFLICTS, since)],
        await dead_letters(stack.broker.address, since, clock, within_s=5),
        [dict(row) for row in await session.pool.fetch(_QUESTIONS, since)],
    )


async def _compare(session: Session, status: Status, within_s: float) -> list[EntityResult]:
    """Reads again while something still differs and there is time."""
    sandbox = session.stack.sandbox
    freshbooks = await sign_in_freshbooks(session.http, session.clock, sandbox["freshbooks"])
    zoho = await sign_in_zoho(session.http, session.clock, sandbox["zoho"]["us"])
    deadline = session.clock.monotonic() + within_s
    results = await compare_sides(freshbooks, zoho)
    while not all(result.equal for result in results) and session.clock.monotonic() < deadline:
        left_s = deadline - session.clock.monotonic()
        await wait_for_rest(session.pool, session.clock, status, "settling", min(left_s, 5.0))
        await session.clock.sleep(1.0)
        results = await compare_sides(freshbooks, zoho)
    return results


async def _rest(session: Session, status: Status, what: str, within_s: float) -> None:
    await session.http.post(f"{session.admin}/webhooks/flush", json={})
    if not await wait_for_rest(session.pool, session.clock, status, what, within_s):
        say(f"{what}: not at rest after {within_s:.0f} s; going on")


async def _order_numbers(people: People, seeded: Seeded) -> list[str]:
    mine = set(seeded.orders.values())
    rows = await people.records("zoho_books.sales_order")
    return [row["salesorder_number"] for row in rows if row["salesorder_id"] in mine]


def _done(session: Session, began: float, text: str) -> None:
    say(f"{session.clock.monotonic() - began:6.1f} s  {text}")


def _next_run(note: Path) -> int:
    """1 on a fresh folder; later runs get names of their own, so that kept data stays true."""
    run = int(note.read_text(encoding="ascii")) + 1 if note.exists() else 1
    note.write_text(str(run), encoding="ascii")
    return run
