"""CRM writes: upserts by our own field, no vendor automation, an answer for each record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError

CREATE = WriteCall("i1", "zoho_crm.contact", "create", None, "TL-AAAA", {"Last_Name": "Moreau"})
UPDATE = replace(CREATE, op="update", external_id="5", body={"Phone": None})


def ok(record_id: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": {"id": record_id}, "message": "record added", "status": "success"}


def bad(code: str, **details: Any) -> dict[str, Any]:
    return {"code": code, "details": details, "message": "x", "status": "error"}


async def test_creates_are_one_upsert_by_our_reference() -> None:
    vendor = FakeVendor(reply({"data": [ok("71"), ok("72")]}))
    second = replace(CREATE, intent_id="i2", reference="TL-BBBB")
    answers = await vendor.connector("zoho_crm").sink.write([CREATE, second])
    assert answers == [Applied("71", vendor.clock.now()), Applied("72", vendor.clock.now())]
    assert vendor.lines() == ["POST /crm/v8/Contacts/upsert"]
    assert vendor.sent() == {
        "data": [
            {"Last_Name": "Moreau", "Twinledger_Ref": "TL-AAAA"},
            {"Last_Name": "Moreau", "Twinledger_Ref": "TL-BBBB"},
        ],
        "trigger": [],
        "duplicate_check_fields": ["Twinledger_Ref"],
    }
    assert vendor.permit.acquired == 0


async def test_updates_are_one_put_by_id() -> None:
    vendor = FakeVendor(reply({"data": [ok("5")]}))
    await vendor.connector("zoho_crm").sink.write([UPDATE])
    assert vendor.lines() == ["PUT /crm/v8/Contacts"]
    assert vendor.sent() == {"data": [{"Phone": None, "id": "5"}], "trigger": []}


async def test_an_update_is_conditional_on_the_newest_version_of_the_request() -> None:
    early, late = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    calls = [replace(UPDATE, unmodified_since=late), replace(UPDATE, external_id="6", unmodified_since=early)]
    vendor = FakeVendor(reply({"data": [ok("5"), bad("ALREADY_MODIFIED")]}, 412), reply({"data": [ok("5")]}))
    sink = vendor.connector("zoho_crm").sink
    answers = await sink.write(calls)
    assert vendor.requests[0].headers["if-unmodified-since"] == "2026-03-02T00:00:00+00:00"
    assert isinstance(answers[1], NotApplied)
    assert isinstance(answers[1].error, TransientError)
    assert answers[1].error.error_class == "conflict"
    await sink.write([UPDATE])
    assert "if-unmodified-since" not in vendor.requests[1].headers


async def test_one_condition_does_not_fit_several_records_so_their_versions_are_checked() -> None:
    early, late = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    calls = [replace(UPDATE, unmodified_since=late), replace(UPDATE, external_id="6", unmodified_since=early)]
    rows = [{"id": one, "Modified_Time": "2026-03-01T12:00:00+00:00"} for one in ("5", "6")]
    vendor = FakeVendor(reply({"data": rows, "info": {"more_records": False}}))
    as_known, saved_since = await vendor.connector("zoho_crm").sink.prepare(calls, vendor.permit)
    assert as_known == calls[0]
    assert isinstance(saved_since, NotApplied)
    assert isinstance(saved_since.error, TransientError)
    assert saved_since.error.error_class == "conflict"
    assert ("ids", "5,6") in vendor.query()


async def test_a_single_record_needs_no_look() -> None:
    call = replace(UPDATE, unmodified_since=datetime(2026, 3, 1, tzinfo=UTC))
    vendor = FakeVendor()
    assert await vendor.connector("zoho_crm").sink.prepare([call], vendor.permit) == [call]


@pytest.mark.parametrize("status", [200, 207, 400])
async def test_each_record_has_its_own_answer(status: int) -> None:
    items = [
        ok("71"),
        bad("DUPLICATE_DATA", api_name="Email", duplicate_record={"id": "9"}),
        bad("INVALID_DATA", api_name="Account_Name"),
        bad("DEPENDENT_SERVICE_ERROR"),
        {"code": "SUCCESS", "details": {}, "status": "success"},
    ]
    vendor = FakeVendor(reply({"data": items}, status))
    answers = await vendor.connector("zoho_crm").sink.write([CREATE] * 5)
    assert [type(answer) for answer in answers] == [
        Applied,
        NotApplied,
        NotApplied,
        UnknownOutcome,
        UnknownOutcome,
    ]
    duplicate, parent = answers[1], answers[2]
    assert isinstance(duplicate, NotApplied)
    assert isinstance(duplicate.error, PermanentError)
    assert duplicate.error.external_id == "9"
    assert isinstance(parent, NotApplied)
    assert isinstance(parent.error, TransientError)
    assert parent.error.error_class == "parent_missing"


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (httpx.ConnectError("refused"), NotApplied),
        (httpx.ReadTimeout("silent"), UnknownOutcome),
        (reply(b"<html>", 500), UnknownOutcome),
        (reply(b'{"data":['), UnknownOutcome),
        (reply({"data": []}), UnknownOutcome),
        (reply({"data": [ok("1")]}), UnknownOutcome),
        (reply({"nothing": 1}), UnknownOutcome),
        (reply(status=204), UnknownOutcome),
        (reply(bad("INVALID_MODULE"), 400), NotApplied),
        (reply(bad("TOO_MANY_REQUESTS"), 429), NotApplied),
        (reply(bad("INVALID_TOKEN"), 401), NotApplied),
        (reply(bad("OAUTH_SCOPE_MISMATCH"), 401), NotApplied),
        (reply(bad("INTERNAL_ERROR"), 500), UnknownOutcome),
    ],
)
async def test_an_answer_for_the_request_holds_for_every_record(
    failure: httpx.Response | Exception, outcome: type
) -> None:
    answers = await FakeVendor(failure).connector("zoho_crm").sink.write([CREATE, CREATE])
    assert [type(answer) for answer in answers] == [outcome, outcome]


async def test_a_probe_finds_by_coql_reads_whole_and_compares() -> None:
    record = {"id": "71", "Twinledger_Ref": "TL-AAAA"}
    other = {"id": "72", "Twinledger_Ref": "TL-AAAB"}
    vendor = FakeVendor(reply({"data": [{"id": "71"}, {"id": "72"}]}), reply({"data": [record, other]}))
    sink = vendor.connector("zoho_crm").sink
    found = await sink.probe("zoho_crm.contact", "TL-AAAA", {}, vendor.permit)
    assert [document.external_id for document in found] == ["71"]
    assert vendor.sent(0)["select_query"] == "select id from Contacts where (Twinledger_Ref = 'TL-AAAA')"


async def test_absence_is_one_call() -> None:
    vendor = FakeVendor(reply(status=204))
    assert await vendor.connector("zoho_crm").sink.probe("zoho_crm.contact", "TL-A", {}, vendor.permit) == []
    assert vendor.permit.acquired == 1
