"""FreshBooks reads: id lists, ignored filters, gone records, pages in whole Eastern days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.kernel.errors import TransientError

CLIENTS = "/accounting/account/Qx7LmP/users/clients"


def row(client_id: int, *, vis_state: int = 0, updated: str = "2026-03-04 15:15:09") -> dict[str, Any]:
    return {"id": client_id, "userid": client_id, "updated": updated, "vis_state": vis_state}


def listing(*rows: dict[str, Any], page: int = 1, pages: int = 1) -> httpx.Response:
    result = {"clients": list(rows), "page": page, "pages": pages, "per_page": 100, "total": len(rows)}
    return reply({"response": {"result": result}})


def single(record: dict[str, Any]) -> httpx.Response:
    return reply({"response": {"result": {"client": record}}})


def not_found() -> httpx.Response:
    fault = {"errno": 1012, "field": "userid", "message": "", "object": "client", "value": "9"}
    return reply({"response": {"errors": [fault]}}, 404)


async def test_several_ids_are_one_call() -> None:
    vendor = FakeVendor(listing(row(5), row(6)))
    read = await vendor.connector("freshbooks").source.read("freshbooks.client", ["5", "6"], vendor.permit)
    assert [document.external_id for document in read.documents] == ["5", "6"]
    assert vendor.lines() == [f"GET {CLIENTS}"]
    assert ("search[userids][]", "5") in vendor.query()
    assert ("per_page", "100") in vendor.query()


async def test_an_id_that_does_not_come_back_is_read_singly() -> None:
    vendor = FakeVendor(listing(row(5)), single(row(6, vis_state=1)))
    read = await vendor.connector("freshbooks").source.read("freshbooks.client", ["5", "6"], vendor.permit)
    assert [document.gone for document in read.documents] == [False, False]
    assert vendor.lines()[1] == f"GET {CLIENTS}/6"
    assert vendor.permit.acquired == 2


async def test_a_foreign_id_means_the_filter_was_ignored() -> None:
    """Then the window of the poll is asked, and only what it does not bring singly."""
    vendor = FakeVendor(listing(row(5), row(77)), listing(row(77), row(5)), single(row(6)))
    read = await vendor.connector("freshbooks").source.read("freshbooks.client", ["5", "6"], vendor.permit)
    assert sorted(document.external_id for document in read.documents) == ["5", "6"]
    assert vendor.lines() == [f"GET {CLIENTS}", f"GET {CLIENTS}", f"GET {CLIENTS}/6"]
    assert any(name == "search[updated_min]" for name, _ in vendor.query(1))


async def test_an_unknown_id_is_gone() -> None:
    vendor = FakeVendor(not_found())
    read = await vendor.connector("freshbooks").source.read("freshbooks.client", ["9"], vendor.permit)
    assert [(document.external_id, document.gone) for document in read.documents] == [("9", True)]


async def test_a_document_is_the_record_alone_with_its_stamp_in_utc() -> None:
    vendor = FakeVendor(
        reply(b'{"response":{"result":{"client":{"id":5,"rate":1.50,"updated":"2026-03-04 15:15:09"}}}}')
    )
    read = await vendor.connector("freshbooks").source.read("freshbooks.client", ["5"], vendor.permit)
    document = read.documents[0]
    assert document.document == b'{"id":5,"rate":1.50,"updated":"2026-03-04 15:15:09"}'
    assert document.updated_at == datetime(2026, 3, 4, 20, 15, 9, tzinfo=UTC)
    assert document.read_started_at == vendor.clock.now()


async def test_invoices_come_with_their_lines() -> None:
    vendor = FakeVendor(reply({"response": {"result": {"invoice": {"id": 1}}}}))
    await vendor.connector("freshbooks").source.read("freshbooks.invoice", ["1"], vendor.permit)
    assert vendor.query() == [("include[]", "lines")]


async def test_changes_are_asked_by_whole_eastern_days() -> None:
    vendor = FakeVendor(listing(row(5)))
    since = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
    await vendor.connector("freshbooks").source.changed_since("freshbooks.client", since, None, vendor.permit)
    assert ("search[updated_min]", "2026-03-04") in vendor.query()


async def test_a_poll_walks_the_pages_then_the_deleted_ones() -> None:
    vendor = FakeVendor(
        listing(row(5), page=1, pages=2), listing(row(6), page=2, pages=2), listing(row(7, vis_state=1))
    )
    source = vendor.connector("freshbooks").source
    since, page, seen = datetime(2026, 3, 1, tzinfo=UTC), None, []
    for _ in range(3):
        answer = await source.changed_since("freshbooks.client", since, page, vendor.permit)
        page = answer.next_page
        seen += [document.external_id for document in answer.documents]
    assert (seen, page) == (["5", "6", "7"], None)
    assert ("search[vis_state]", "1") in vendor.query()


async def test_an_ignored_visibility_filter_ends_the_deleted_pages() -> None:
    vendor = FakeVendor(listing(row(5), row(7, vis_state=1), page=1, pages=9))
    since = datetime(2026, 3, 1, tzinfo=UTC)
    source = vendor.connector("freshbooks").source
    page = await source.changed_since("freshbooks.client", since, "deleted:1", vendor.permit)
    assert [document.external_id for document in page.documents] == ["7"]
    assert page.next_page is None


async def test_a_first_load_leaves_the_deleted_ones_out() -> None:
    vendor = FakeVendor(listing(row(5, updated="2026-03-04 15:15:09"), row(6, updated="2026-03-04 15:16:09")))
    source = vendor.connector("freshbooks").source
    page = await source.changed_since("freshbooks.client", None, None, vendor.permit)
    assert page.next_page is None
    assert page.seen_until == datetime(2026, 3, 4, 20, 16, 9, tzinfo=UTC)
    assert not [key for key, _ in vendor.query() if key == "search[updated_min]"]


@pytest.mark.parametrize(
    "body",
    [{}, {"response": {}}, {"response": {"result": []}}, {"response": {"result": {"clients": [{"x": 1}]}}}],
)
async def test_an_answer_of_another_shape_is_trouble_at_the_vendor(body: object) -> None:
    vendor = FakeVendor(reply(body))
    source = vendor.connector("freshbooks").source
    with pytest.raises(TransientError) as caught:
        await source.changed_since("freshbooks.client", None, None, vendor.permit)
    assert caught.value.error_class == "target_down"
