"""What only FreshBooks has, against the sandbox: soft deletes, phases, single-use refresh tokens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.contract.connectors.sandbox import Party, Sandbox, open_party

from twinledger.connectors.base.contract import Applied, NotApplied, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError

CLIENT = WriteCall(
    "i", "freshbooks.client", "create", None, "TL-X", {"organization": "Harbor", "note": "TL-X"}
)


@pytest.fixture
async def party(sandbox: Sandbox) -> AsyncIterator[Party]:
    async with open_party(sandbox, "freshbooks") as party:
        yield party


async def made(party: Party, call: WriteCall) -> str:
    (answer,) = await party.connector.sink.write([call])
    assert isinstance(answer, Applied), answer
    return answer.external_id


async def record_of(party: Party, object_name: str, external_id: str) -> dict[str, Any]:
    read = await party.connector.source.read(object_name, [external_id], party.permit)
    document: dict[str, Any] = orjson.loads(read.documents[0].document)
    return document


async def test_a_soft_deleted_client_is_read_singly_and_told_by_the_poll(party: Party) -> None:
    kept, deleted = await made(party, CLIENT), await made(party, CLIENT)
    state = replace(CLIENT, op="update", external_id=deleted, body={"vis_state": 1}, phase="state")
    assert await made(party, state) == deleted
    read = await party.connector.source.read("freshbooks.client", [kept, deleted], party.permit)
    states = {one.external_id: orjson.loads(one.document)["vis_state"] for one in read.documents}
    assert states == {kept: 0, deleted: 1}
    since = datetime.now(UTC) - timedelta(minutes=1)
    page, seen = None, set()
    while True:
        answer = await party.connector.source.changed_since("freshbooks.client", since, page, party.permit)
        seen |= {document.external_id for document in answer.documents}
        page = answer.next_page
        if page is None:
            break
    assert {kept, deleted} <= seen


async def test_only_who_has_seen_the_deletion_takes_it_back(party: Party) -> None:
    deleted = await made(party, CLIENT)
    state = replace(CLIENT, op="update", external_id=deleted, phase="state")
    await made(party, replace(state, body={"vis_state": 1}))
    (seen,) = (await party.connector.source.read("freshbooks.client", [deleted], party.permit)).documents
    assert seen.updated_at is not None
    restore = replace(state, body={"vis_state": 0}, unmodified_since=seen.updated_at)
    unaware = replace(restore, unmodified_since=seen.updated_at - timedelta(seconds=1))
    refused, prepared = await party.connector.sink.prepare([unaware, restore], party.permit)
    assert isinstance(refused, NotApplied)
    assert prepared == restore
    await made(party, restore)
    assert (await record_of(party, "freshbooks.client", deleted))["vis_state"] == 0


async def test_an_invoice_is_marked_as_sent_without_touching_its_lines(party: Party) -> None:
    client = await made(party, CLIENT)
    line = {"type": 0, "name": "Menu", "qty": "2", "unit_cost": {"amount": "150.00", "code": "USD"}}
    body = {
        "customerid": int(client),
        "create_date": "2026-03-05",
        "invoice_number": "FB-77",
        "lines": [line],
    }
    invoice = WriteCall("i", "freshbooks.invoice", "create", None, None, body)
    external_id = await made(party, invoice)
    before = await record_of(party, "freshbooks.invoice", external_id)
    sent = replace(invoice, op="update", external_id=external_id, body={"action_mark_as_sent": True})
    await made(party, replace(sent, phase="state"))
    after = await record_of(party, "freshbooks.invoice", external_id)
    assert (before["status"], after["status"]) == (1, 2)
    assert _without_stamps(after["lines"]) == _without_stamps(before["lines"])
    assert after["amount"] == {"amount": "300.00", "code": "USD"}


async def test_an_invoice_for_nobody_waits_for_its_customer(party: Party) -> None:
    body = {"customerid": 999999999, "create_date": "2026-03-05"}
    (answer,) = await party.connector.sink.write(
        [WriteCall("i", "freshbooks.invoice", "create", None, None, body)]
    )
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, TransientError)
    assert answer.error.error_class == "parent_missing"


async def test_a_refused_field_is_named(party: Party) -> None:
    body = {"create_date": "2026-03-05"}
    (answer,) = await party.connector.sink.write(
        [WriteCall("i", "freshbooks.invoice", "create", None, None, body)]
    )
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError)
    assert (answer.error.error_class, answer.error.field) == ("validation", "customerid")


async def test_a_spent_refresh_token_is_refused_for_good(sandbox: Sandbox, party: Party) -> None:
    spent = sandbox.grants["freshbooks"]
    renewed = await party.tokens.renewed(spent.access)
    assert renewed.value != spent.access.value
    with pytest.raises(PermanentError) as caught:
        await party.auth.refresh(spent.refresh_token)
    assert caught.value.error_class == "grant_revoked"


def _without_stamps(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "updated"} for line in lines]
