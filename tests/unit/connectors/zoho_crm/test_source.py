"""CRM reads: id lists, who belongs to an account, pages by token, then the deleted ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.zoho_crm.coql import contacts_of, ids_by
from twinledger.kernel.errors import PermanentError

SINCE = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def row(record_id: int, modified: str = "2026-03-04T15:15:09+03:00") -> dict[str, Any]:
    return {"id": str(record_id), "Modified_Time": modified}


def rows(*records: dict[str, Any], token: str | None = None, more: bool = False) -> httpx.Response:
    return reply({"data": list(records), "info": {"next_page_token": token, "more_records": more}})


NONE = 204


async def test_several_ids_are_one_call_that_names_its_fields() -> None:
    vendor = FakeVendor(rows(row(5), row(6)))
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.contact", ["5", "6"], vendor.permit)
    assert [document.external_id for document in read.documents] == ["5", "6"]
    assert vendor.lines() == ["GET /crm/v8/Contacts"]
    query = dict(vendor.query())
    assert query["ids"] == "5,6"
    assert "Twinledger_Ref" in query["fields"].split(",")
    assert len(query["fields"].split(",")) <= 50


async def test_what_does_not_come_back_is_asked_singly_and_then_gone() -> None:
    vendor = FakeVendor(rows(row(5)), reply(status=NONE))
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.contact", ["5", "6"], vendor.permit)
    assert [(document.external_id, document.gone) for document in read.documents] == [
        ("5", False),
        ("6", True),
    ]
    assert dict(vendor.query())["ids"] == "6"


async def test_rows_nobody_asked_for_are_left_out() -> None:
    vendor = FakeVendor(rows(row(5), row(7)))
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.contact", ["5"], vendor.permit)
    assert [document.external_id for document in read.documents] == ["5"]


async def test_a_stamp_is_read_with_its_offset() -> None:
    vendor = FakeVendor(rows(row(5)))
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.contact", ["5"], vendor.permit)
    assert read.documents[0].updated_at == datetime(2026, 3, 4, 12, 15, 9, tzinfo=UTC)


async def test_an_account_names_its_contacts() -> None:
    contacts: list[dict[str, Any]] = [
        {"id": "71", "Account_Name": {"id": "5", "name": "Acme"}},
        {"id": "72", "Account_Name": {"id": "5"}},
        {"id": "73", "Account_Name": "6"},
    ]
    vendor = FakeVendor(rows(row(5), row(6), row(8)), rows(*contacts))
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.account", ["5", "6", "8"], vendor.permit)
    assert [document.related["contacts"] for document in read.documents] == [
        ["zoho_crm.contact/71", "zoho_crm.contact/72"],
        ["zoho_crm.contact/73"],
        (),
    ]
    statement = vendor.sent()["select_query"]
    assert statement == (
        "select id, Account_Name from Contacts where (Account_Name in ('5', '6', '8')) limit 0, 200"
    )
    assert vendor.permit.acquired == 2


async def test_many_contacts_are_walked_page_by_page() -> None:
    first = rows({"id": "71", "Account_Name": {"id": "5"}}, more=True)
    second = rows({"id": "72", "Account_Name": {"id": "5"}})
    vendor = FakeVendor(rows(row(5)), first, second)
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.account", ["5"], vendor.permit)
    assert read.documents[0].related["contacts"] == ["zoho_crm.contact/71", "zoho_crm.contact/72"]
    assert vendor.sent()["select_query"].endswith("limit 200, 200")


async def test_an_account_without_contacts() -> None:
    vendor = FakeVendor(rows(row(5)), reply(status=NONE))
    read = await vendor.connector("zoho_crm").source.read("zoho_crm.account", ["5"], vendor.permit)
    assert read.documents[0].related == {"contacts": ()}


async def test_changes_walk_tokens_then_the_deleted_list() -> None:
    gone = {"id": "9", "deleted_time": "2026-03-04T15:15:09+00:00", "type": "recycle"}
    vendor = FakeVendor(
        rows(row(5), token="t2", more=True), rows(row(6)), rows(gone, more=True), reply(status=NONE)
    )
    source = vendor.connector("zoho_crm").source
    page, seen = None, []
    for _ in range(4):
        answer = await source.changed_since("zoho_crm.contact", SINCE, page, vendor.permit)
        page = answer.next_page
        seen += [(document.external_id, document.gone) for document in answer.documents]
    assert seen == [("5", False), ("6", False), ("9", True)]
    assert page is None
    assert vendor.lines()[2:] == ["GET /crm/v8/Contacts/deleted"] * 2
    assert dict(vendor.query(1))["page_token"] == "t2"
    assert {request.headers["if-modified-since"] for request in vendor.requests} == {
        "2026-03-01T10:00:00+00:00"
    }
    assert dict(vendor.query(0))["sort_by"] == "Modified_Time"


async def test_nothing_modified_is_an_empty_page() -> None:
    vendor = FakeVendor(reply(status=304))
    page = await vendor.connector("zoho_crm").source.changed_since(
        "zoho_crm.contact", SINCE, None, vendor.permit
    )
    assert (page.documents, page.next_page, page.seen_until) == ([], "deleted:1", None)


async def test_a_first_load_has_no_header_and_no_deleted_list() -> None:
    vendor = FakeVendor(rows(row(5)))
    page = await vendor.connector("zoho_crm").source.changed_since(
        "zoho_crm.contact", None, None, vendor.permit
    )
    assert page.next_page is None
    assert page.seen_until == datetime(2026, 3, 4, 12, 15, 9, tzinfo=UTC)
    assert "if-modified-since" not in vendor.requests[0].headers


async def test_a_refused_read_raises() -> None:
    vendor = FakeVendor(reply({"code": "NO_PERMISSION", "details": {}, "status": "error"}, 403))
    with pytest.raises(PermanentError):
        await vendor.connector("zoho_crm").source.read("zoho_crm.contact", ["5"], vendor.permit)


@pytest.mark.parametrize("value", ["5' or id != '", "", "a b", "5\\"])
def test_no_text_of_a_person_enters_a_statement(value: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        ids_by("Contacts", "Twinledger_Ref", value)
    with pytest.raises(ValueError, match="neither"):
        contacts_of([value], 0)
