"""FreshBooks writes: one request each, phases alone, and finding what a lost answer left."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError

CREATE = WriteCall("i1", "freshbooks.client", "create", None, "TL-AAAA", {"fname": "Ines"})
UPDATE = replace(CREATE, op="update", external_id="5")
BASE = "/accounting/account/Qx7LmP"


def made(name: str, record: dict[str, Any]) -> httpx.Response:
    return reply({"response": {"result": {name: record}}})


def refused(errno: int, field: str | None, status: int = 422) -> httpx.Response:
    fault = {"errno": errno, "field": field, "message": "", "object": "", "value": None}
    return reply({"response": {"errors": [fault]}}, status)


async def write(vendor: FakeVendor, call: WriteCall) -> Applied | NotApplied | UnknownOutcome:
    (answer,) = await vendor.connector("freshbooks").sink.write([call])
    return answer


async def test_a_create_is_one_post_and_needs_no_permit() -> None:
    vendor = FakeVendor(made("client", {"id": 24018, "fname": "Ines"}))
    answer = await write(vendor, CREATE)
    assert answer == Applied("24018", vendor.clock.now(), b'{"id":24018,"fname":"Ines"}')
    assert vendor.lines() == [f"POST {BASE}/users/clients"]
    assert vendor.sent() == {"client": {"fname": "Ines"}}
    assert vendor.permit.acquired == 0


async def test_an_update_is_a_partial_put() -> None:
    vendor = FakeVendor(made("client", {"id": 5}))
    await write(vendor, UPDATE)
    assert vendor.lines() == [f"PUT {BASE}/users/clients/5"]


async def test_an_invoice_answers_with_its_lines_and_is_sent_without_mail() -> None:
    vendor = FakeVendor(made("invoice", {"id": 480211}))
    body = {"action_mark_as_sent": True}
    call = WriteCall("i", "freshbooks.invoice", "update", "480211", None, body, phase="state")
    assert isinstance(await write(vendor, call), Applied)
    assert vendor.sent() == {"invoice": {"action_mark_as_sent": True}}
    assert vendor.query() == [("include[]", "lines")]


@pytest.mark.parametrize(
    "body",
    [
        {"vis_state": 2, "fname": "x"},
        {"action_mark_as_sent": True, "notes": "x"},
        {"action_mark_as_sent": True, "vis_state": 1},
    ],
)
async def test_phases_are_never_mixed_since_the_vendor_drops_the_rest(body: dict[str, Any]) -> None:
    vendor = FakeVendor()
    answer = await write(vendor, replace(UPDATE, body=body))
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError)
    assert answer.error.error_class == "bug"


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (httpx.ConnectError("refused"), NotApplied),
        (httpx.ReadTimeout("silent"), UnknownOutcome),
        (reply(b"<html>bad gateway</html>", 502), UnknownOutcome),
        (reply(b'{"response":{"res'), UnknownOutcome),
        (reply(b"<html>ok</html>"), UnknownOutcome),
        (reply({"response": {"result": {}}}), UnknownOutcome),
        (reply({}), UnknownOutcome),
        (refused(1001, "email"), NotApplied),
        (refused(12001, None, 200), NotApplied),
        (refused(429, None, 429), NotApplied),
        (reply({"error": "unauthenticated"}, 401), NotApplied),
    ],
)
async def test_what_may_have_been_applied_is_told_from_what_was_not(
    failure: httpx.Response | Exception, outcome: type
) -> None:
    assert type(await write(FakeVendor(failure), CREATE)) is outcome


@pytest.mark.parametrize(
    ("call", "field", "error_class"),
    [
        (CREATE, "userid", "parent_missing"),
        (UPDATE, "userid", "gone"),
        (UPDATE, None, "gone"),
        (replace(UPDATE, object="freshbooks.invoice"), "customerid", "parent_missing"),
        (replace(UPDATE, object="freshbooks.invoice"), "userid", "parent_missing"),
        (replace(CREATE, object="freshbooks.payment"), "invoiceid", "parent_missing"),
    ],
)
async def test_an_unknown_record_is_itself_or_a_parent(
    call: WriteCall, field: str | None, error_class: str
) -> None:
    answer = await write(FakeVendor(refused(1012, field, 404)), call)
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError | TransientError)
    assert answer.error.error_class == error_class


async def test_nothing_is_demanded_of_a_patch() -> None:
    vendor = FakeVendor()
    assert await vendor.connector("freshbooks").sink.prepare([UPDATE], vendor.permit) == [UPDATE]


async def test_versions_are_checked_in_one_list_before_updates() -> None:
    known = datetime(2026, 3, 5, 17, 40, 2, tzinfo=UTC)
    calls = [replace(UPDATE, external_id=one, unmodified_since=known) for one in ("5", "6", "7")]
    rows = [{"id": 5, "updated": "2026-03-05 12:40:02"}, {"id": 6, "updated": "2026-03-05 12:40:03"}]
    vendor = FakeVendor(listed("clients", *rows), refused(1012, "userid", 404))
    same, saved_since, unknown = await vendor.connector("freshbooks").sink.prepare(calls, vendor.permit)
    assert (same, unknown) == (calls[0], calls[2])
    assert is_conflict(saved_since)
    assert [value for key, value in vendor.query(0) if key == "search[userids][]"] == ["5", "6", "7"]


async def test_a_record_that_the_list_leaves_out_is_looked_at_singly() -> None:
    """Somebody has deleted it: an archiving that was planned before would bring it back."""
    known = datetime(2026, 3, 5, 17, 40, 2, tzinfo=UTC)
    archive = replace(UPDATE, body={"vis_state": 2}, phase="state", unmodified_since=known)
    deleted = {"id": 5, "updated": "2026-03-05 12:41:00", "vis_state": 1}
    vendor = FakeVendor(listed("clients"), made("client", deleted))
    (answer,) = await vendor.connector("freshbooks").sink.prepare([archive], vendor.permit)
    assert is_conflict(answer)
    assert vendor.lines() == [f"GET {BASE}/users/clients", f"GET {BASE}/users/clients/5"]


async def test_a_single_look_that_fails_is_the_failure_of_its_own_call() -> None:
    known = datetime(2026, 3, 5, 17, 40, 2, tzinfo=UTC)
    listed_one, left_out = (replace(UPDATE, external_id=one, unmodified_since=known) for one in ("5", "6"))
    rows = listed("clients", {"id": 5, "updated": "2026-03-05 12:40:02"})
    vendor = FakeVendor(rows, refused(1003, None, 403))
    calls = [listed_one, left_out, CREATE]
    good, failed, create = await vendor.connector("freshbooks").sink.prepare(calls, vendor.permit)
    assert (good, create) == (listed_one, CREATE)
    assert isinstance(failed, NotApplied) and isinstance(failed.error, PermanentError)


async def test_an_ignored_list_of_ids_leads_to_no_single_looks() -> None:
    call = replace(UPDATE, unmodified_since=datetime(2026, 3, 5, 17, 40, 2, tzinfo=UTC))
    vendor = FakeVendor(listed("clients", {"id": 9, "updated": "2026-03-05 12:41:00"}))
    assert await vendor.connector("freshbooks").sink.prepare([call], vendor.permit) == [call]


def is_conflict(answer: WriteCall | NotApplied) -> bool:
    error = answer.error if isinstance(answer, NotApplied) else None
    return isinstance(error, TransientError) and error.error_class == "conflict"


def listed(plural: str, *rows: dict[str, Any]) -> httpx.Response:
    return reply({"response": {"result": {plural: list(rows), "page": 1, "pages": 1}}})


@pytest.mark.parametrize(
    ("name", "plural", "body", "rows", "filters"),
    [
        (
            "client",
            "clients",
            {"fname": "Ines"},
            [{"id": 1, "note": "hello\nTL-AAAA"}, {"id": 2, "note": "TL-AAAB"}, {"id": 3, "note": None}],
            [("search[note_like]", "TL-AAAA")],
        ),
        (
            "item",
            "items",
            {"sku": "X1"},
            [{"id": 1, "sku": "X1"}, {"id": 2, "sku": "X2"}],
            [("search[sku]", "X1")],
        ),
        (
            "item",
            "items",
            {},
            [{"id": 1, "sku": "TL-AAAA"}, {"id": 2, "sku": ""}],
            [("search[sku]", "TL-AAAA")],
        ),
        (
            "tax",
            "taxes",
            {"name": "GST", "amount": "5.0"},
            [{"id": 1, "name": "GST", "amount": "5"}, {"id": 2, "name": "GST", "amount": "6"}],
            [("search[name]", "GST")],
        ),
        (
            "invoice",
            "invoices",
            {"invoice_number": "SO-1", "customerid": 7},
            [{"id": 1, "invoice_number": "SO-1"}, {"id": 2, "invoice_number": "SO-10"}],
            [("search[invoice_number]", "SO-1"), ("include[]", "lines")],
        ),
        (
            "invoice",
            "invoices",
            {"customerid": 7, "create_date": "2026-03-05"},
            [{"id": 1, "po_number": "TL-AAAA"}, {"id": 2, "po_number": ""}],
            [("search[customerid]", "7"), ("search[date_min]", "2026-03-05"), ("include[]", "lines")],
        ),
        (
            "payment",
            "payments",
            {"invoiceid": 480211, "amount": {"amount": "1"}},
            [{"id": 1, "note": "wire\nTL-AAAA"}, {"id": 2, "note": ""}],
            [("search[invoiceid]", "480211")],
        ),
    ],
)
async def test_a_probe_filters_then_compares_itself(
    name: str,
    plural: str,
    body: dict[str, Any],
    rows: list[dict[str, Any]],
    filters: list[tuple[str, str]],
) -> None:
    vendor = FakeVendor(listed(plural, *rows))
    sink = vendor.connector("freshbooks").sink
    found = await sink.probe(f"freshbooks.{name}", "TL-AAAA", body, vendor.permit)
    assert [document.external_id for document in found] == ["1"]
    assert list(vendor.query())[: len(filters)] == filters
    assert vendor.permit.acquired == 1


async def test_a_client_is_looked_for_by_mail_when_the_marker_search_finds_none() -> None:
    vendor = FakeVendor(listed("clients"), listed("clients", {"id": 4, "note": "TL-AAAA"}))
    sink = vendor.connector("freshbooks").sink
    found = await sink.probe("freshbooks.client", "TL-AAAA", {"email": "a@b.example"}, vendor.permit)
    assert [document.external_id for document in found] == ["4"]
    assert ("search[email]", "a@b.example") in vendor.query()


async def test_absence_is_an_empty_answer() -> None:
    vendor = FakeVendor(listed("clients", {"id": 3, "note": "somebody else"}))
    assert (
        await vendor.connector("freshbooks").sink.probe("freshbooks.client", "TL-AAAA", {}, vendor.permit)
        == []
    )
