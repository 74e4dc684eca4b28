"""An update of a record that is gone: its end is enrich's to judge, so nobody is troubled with a refusal."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.fakes.feeding import ANA
from tests.integration.loader.conftest import Loader

from twinledger.connectors.base.contract import NotApplied
from twinledger.kernel.errors import PermanentError

CLIENT, CONTACT = "freshbooks.client", "zoho_books.contact"
GONE = NotApplied(PermanentError("code 1002", error_class="gone"))


async def refused(loader: Loader) -> None:
    """A customer on both sides, whose Books contact is gone when an edit of FreshBooks gets there."""
    await loader.enrich.feed(loader.enrich.record(CLIENT, "1", ANA))
    await loader.settled(CONTACT)
    loader.vendors["zoho_books"].before = lambda call: GONE if call.op == "update" else None
    await loader.enrich.feed(loader.enrich.record(CLIENT, "1", ANA | {"notes": "typed"}))

    async def was_refused() -> bool:
        query = "select from intent where object = $1 and op = 'update' and failures > 0"
        return bool(await loader.enrich.rows(query, CONTACT))

    await loader.until(was_refused)


async def test_it_is_looked_at_and_the_write_waits(loader: Loader) -> None:
    hints = "select from outbox where topic = 'twinledger.hints.v1'"
    await refused(loader)
    assert await loader.enrich.rows(hints)
    assert await loader.enrich.rows("select from dead_letter") == []
    assert (await loader.states(CONTACT))[-1] == "planned"


async def test_the_write_goes_with_the_record(loader: Loader) -> None:
    await refused(loader)
    gone = loader.enrich.record(CONTACT, "1", {}, gone=True, at=datetime.now(UTC))
    await loader.enrich.feed(gone)
    assert await loader.enrich.rows("select from dead_letter") == []
    (review,) = await loader.enrich.rows("select kind from review_item")
    assert review["kind"] == "deleted_and_changed"


async def test_one_that_nobody_can_read_is_refused_in_the_end(loader: Loader) -> None:
    await refused(loader)
    await loader.enrich.pool.execute("update intent set failures = 5, not_before = now() where failures > 0")
    await loader.settled(CONTACT, "rejected")
    assert len(await loader.enrich.rows("select from dead_letter")) == 1
