"""What only CRM has, against the sandbox: an answer for each record, conditions, an account's contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.connectors.sandbox import Party, Sandbox, open_party

from twinledger.connectors.base.contract import Applied, NotApplied, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError

CONTACT = "zoho_crm.contact"


@pytest.fixture
async def party(sandbox: Sandbox) -> AsyncIterator[Party]:
    async with open_party(sandbox, "zoho_crm") as party:
        yield party


def contact(number: int, **fields: object) -> WriteCall:
    letters = f"{number:04}".translate(str.maketrans("0123456789", "ABCDEFGHIJ"))
    body = {"Last_Name": f"Batch{letters}", **fields}
    return WriteCall(f"i{number}", CONTACT, "create", None, f"TL-BATCH{letters}", body)


async def test_a_hundred_records_are_one_request_and_a_refused_one_stands_alone(party: Party) -> None:
    calls = [contact(number) for number in range(100)]
    calls[37] = contact(37, Phone="not a phone number")
    seen = len(await party.admin.requests("zoho_crm"))
    answers = await party.connector.sink.write(calls)
    assert len(await party.admin.requests("zoho_crm")) == seen + 1
    refused = [at for at, answer in enumerate(answers) if not isinstance(answer, Applied)]
    assert refused == [37]
    answer = answers[37]
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, PermanentError)
    assert (answer.error.error_class, answer.error.field) == ("validation", "Phone")
    again = await party.connector.sink.write([*calls[:37], *calls[38:]])
    first = [answer.external_id for answer in answers if isinstance(answer, Applied)]
    assert [answer.external_id for answer in again if isinstance(answer, Applied)] == first


async def test_a_look_up_that_is_not_there_waits_for_its_parent(party: Party) -> None:
    call = contact(200, Account_Name={"id": "4150000000999999999"})
    (answer,) = await party.connector.sink.write([call])
    assert isinstance(answer, NotApplied)
    assert isinstance(answer.error, TransientError)
    assert answer.error.error_class == "parent_missing"


async def test_an_update_is_refused_when_the_record_changed_since(party: Party) -> None:
    (made,) = await party.connector.sink.write([contact(300)])
    assert isinstance(made, Applied)
    update = WriteCall("u", CONTACT, "update", made.external_id, None, {"Department": "x"})
    before = replace(update, unmodified_since=datetime.now(UTC) - timedelta(hours=1))
    (late,) = await party.connector.sink.write([before])
    assert isinstance(late, NotApplied)
    assert isinstance(late.error, TransientError)
    assert late.error.error_class == "conflict"
    after = replace(update, unmodified_since=datetime.now(UTC) + timedelta(minutes=1))
    (written,) = await party.connector.sink.write([after])
    assert isinstance(written, Applied)


async def test_an_account_names_the_contacts_that_belong_to_it(party: Party) -> None:
    sink = party.connector.sink
    account = WriteCall("a", "zoho_crm.account", "create", None, "TL-ACCOUNTA", {"Account_Name": "Acme 1"})
    lonely = replace(account, reference="TL-ACCOUNTB", body={"Account_Name": "Acme 2"})
    accounts = [
        answer.external_id for answer in await sink.write([account, lonely]) if isinstance(answer, Applied)
    ]
    link = {"Account_Name": {"id": accounts[0]}}
    answers = await sink.write([contact(400, **link), contact(401, **link)])
    contacts = [f"{CONTACT}/{answer.external_id}" for answer in answers if isinstance(answer, Applied)]
    read = await party.connector.source.read("zoho_crm.account", accounts, party.permit)
    related = {document.external_id: list(document.related["contacts"]) for document in read.documents}
    assert {key: sorted(ids) for key, ids in related.items()} == {
        accounts[0]: sorted(contacts),
        accounts[1]: [],
    }


async def test_deleted_records_are_told_by_the_poll(party: Party) -> None:
    (made,) = await party.connector.sink.write([contact(500)])
    assert isinstance(made, Applied)
    await party.admin.act("zoho_crm", "contact", "delete", {}, made.external_id)
    since = datetime.now(UTC) - timedelta(minutes=1)
    page, gone = None, set()
    while True:
        answer = await party.connector.source.changed_since(CONTACT, since, page, party.permit)
        gone |= {document.external_id for document in answer.documents if document.gone}
        page = answer.next_page
        if page is None:
            break
    assert made.external_id in gone


async def test_setting_up_twice_makes_one_field(party: Party) -> None:
    for _ in range(2):
        notes = await party.connector.setup.ensure_reference_fields([CONTACT], party.permit)
        assert notes == []
