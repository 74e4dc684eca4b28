"""A comparison names what differs, field by field, and what is missing; what is new there is hinted at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from prometheus_client import REGISTRY
from tests.fakes.vendor import FakePermit
from tests.integration.operations.conftest import WORKSPACE, Held

from twinledger.connectors.base.contract import Page, Read, SourceDocument
from twinledger.ingest.backfill import Reach
from twinledger.ingest.comparison import Comparison
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import transaction
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.state.drift import list_drift
from twinledger.state.jobs import add_job, find_job

ITEM, THEIRS = "freshbooks.item", "zoho_books.item"
OVEN = {"name": "Oven", "description": None, "unit_price": "20", "sku": "OV", "state": "active"}
AT_FRESHBOOKS = {
    "id": 7, "name": "Oven", "description": "", "unit_cost": {"amount": "20.00", "code": "USD"},
    "sku": "OV", "vis_state": 0, "updated": "2026-11-20 10:00:00",
}  # fmt: skip


@dataclass
class Shelf:
    """A vendor's records of one object; `listed` False: rows only name them."""

    records: dict[str, dict[str, Any]]
    listed: bool = True
    stamp: Any = None
    reads: list[str] = field(default_factory=list)
    max_ids: Mapping[str, int] = field(default_factory=lambda: {ITEM: 10})

    async def changed_since(self, name: str, since: Any, page: Any, permit: Any) -> Page:
        if self.listed:
            return Page([self._document(name, one) for one in self.records])
        return Page([], ids_to_read=[(one, self.stamp) for one in self.records])

    async def read(self, name: str, ids: Any, permit: Any) -> Read:
        self.reads += ids
        return Read([self._document(name, one) for one in ids if one in self.records])

    def _document(self, name: str, external_id: str) -> SourceDocument:
        return SourceDocument(name, external_id, orjson.dumps(self.records[external_id]), SystemClock().now())


async def compare(held: Held, shelf: Shelf, **params: Any) -> list[dict[str, Any]]:
    """One comparison of the FreshBooks side, with a job row as ingest has one."""
    clock, pool = SystemClock(), held.enrich.pool
    reach = {ITEM: Reach(shelf, FakePermit())}  # type: ignore[arg-type]
    comparison = Comparison(WORKSPACE, pool, clock, load_shipped(), entity_models(), reach)
    name = f"J{clock.monotonic()}"
    async with transaction(pool) as connection:
        await add_job(connection, WORKSPACE, name, "verify", params)
        job = await find_job(connection, WORKSPACE, name)
    assert job is not None

    async def save(cursor: Mapping[str, Any], done: int) -> None:
        return None

    await comparison.run(job, save)
    async with transaction(pool) as connection:
        return await list_drift(connection, WORKSPACE)


async def item(held: Held, **changes: Any) -> None:
    """The item as FreshBooks showed it last."""
    fields = OVEN | {"currency": "USD"} | changes
    await held.enrich.feed(held.enrich.record(ITEM, "7", fields, at=SystemClock().now()))


async def hinted(held: Held) -> list[str]:
    rows = await held.enrich.rows("select external_id from due_read where hints > read_hints")
    return [row["external_id"] for row in rows]


def drift() -> float | None:
    return REGISTRY.get_sample_value("twinledger_drift_records", {"workspace": WORKSPACE, "entity": "item"})


async def test_what_is_as_it_should_be_is_equal_and_leaves_no_trace(held: Held) -> None:
    await item(held)
    assert await compare(held, Shelf({"7": AT_FRESHBOOKS})) == []
    assert await hinted(held) == [] and drift() == 0


async def test_an_edit_nobody_heard_of_is_named_and_hinted_at(held: Held) -> None:
    await item(held)
    changed = AT_FRESHBOOKS | {"unit_cost": {"amount": "21.00", "code": "USD"}}
    (row,) = await compare(held, Shelf({"7": changed}))
    assert (row["record"], row["result"]) == (f"{ITEM}/7", "differs")
    assert row["fields"] == {"unit_price": {"side": "21", "expected": "20"}}
    assert row["cause"] == "changed there, not taken in yet"
    assert await hinted(held) == ["7"] and drift() == 1
    assert await compare(held, Shelf({"7": AT_FRESHBOOKS})) == []
    assert drift() == 0


async def test_a_difference_that_a_planned_write_will_end_says_so(held: Held) -> None:
    await item(held)
    await held.accept((await held.shown()).hash)
    await held.write_all()
    books = next(iter(held.vendors["zoho_books"].records))
    theirs = OVEN | {"unit_price": "25"}
    await held.enrich.feed(held.enrich.record(THEIRS, books, theirs, at=SystemClock().now()))
    (row,) = await compare(held, Shelf({"7": AT_FRESHBOOKS}))
    assert (row["fields"], row["cause"]) == (
        {"unit_price": {"side": "20", "expected": "25"}},
        "a write is planned",
    )


async def test_a_linked_record_that_no_list_shows_is_asked_for_and_missing(held: Held) -> None:
    await item(held)
    shelf = Shelf({})
    (row,) = await compare(held, shelf)
    assert (row["result"], row["cause"], shelf.reads) == ("missing", "the vendor has it no longer", ["7"])


async def test_a_record_that_was_never_made_on_a_side_is_missing_there(held: Held) -> None:
    await held.enrich.feed(held.enrich.record(THEIRS, "9", OVEN, at=SystemClock().now()))
    (row,) = await compare(held, Shelf({}))
    assert (row["result"], row["cause"]) == ("missing", "a write is planned")
    assert row["origin"] == f"{THEIRS}/9"


async def test_a_row_of_the_version_we_read_is_not_read_again_unless_all_is(held: Held) -> None:
    await item(held)
    (shadow,) = await held.enrich.rows("select vendor_updated_at from shadow where object = $1", ITEM)
    shelf = Shelf({"7": AT_FRESHBOOKS}, listed=False, stamp=shadow["vendor_updated_at"])
    assert await compare(held, shelf) == [] and shelf.reads == []
    assert await compare(held, shelf, full=True) == [] and shelf.reads == ["7"]
