"""The contract that every connector passes, against the sandbox.

Idempotent write, paging, 401 refresh, 429, malformed body, and what a lost answer leaves behind.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from tests.contract.connectors.sandbox import Party, Sandbox, open_party
from tests.contract.connectors.subjects import SUBJECTS, Subject

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteAnswer, WriteCall
from twinledger.kernel.errors import PermanentError, TransientError


@pytest.fixture(params=sorted(SUBJECTS))
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture
async def party(sandbox: Sandbox, subject: Subject) -> AsyncIterator[Party]:
    async with open_party(sandbox, subject.system, timeout_s=1.5) as party:
        yield party
        assert party.permit.open == 0, "a permit was not given back"


_numbers = itertools.count(1)


@pytest.fixture
def one(subject: Subject) -> WriteCall:
    """The create of this test alone; its reference is as wide as real ones."""
    letters = f"{next(_numbers):04}".translate(str.maketrans("0123456789", "ABCDEFGHIJ"))
    return subject.new(f"Ines{letters.title()}", f"TL-{letters:A>20}")


async def write(party: Party, call: WriteCall) -> WriteAnswer:
    """As the loader does: complete it, then one request."""
    (prepared,) = await party.connector.sink.prepare([call], party.permit)
    if isinstance(prepared, NotApplied):
        return prepared
    (answer,) = await party.connector.sink.write([prepared])
    return answer


async def made(party: Party, call: WriteCall) -> str:
    answer = await write(party, call)
    assert isinstance(answer, Applied), answer
    return answer.external_id


async def name_of(party: Party, subject: Subject, external_id: str) -> str:
    read = await party.connector.source.read(subject.object, [external_id], party.permit)
    (document,) = read.documents
    assert not document.gone
    return subject.name(orjson.loads(document.document))


async def bearing(party: Party, subject: Subject, call: WriteCall) -> list[str]:
    """Ids of all records in the vendor that carry the reference: the sandbox's own word."""
    assert call.reference is not None
    rows = await party.admin.state(subject.system, subject.kind)
    return [row["id"] for row in rows if call.reference in orjson.dumps(row["record"]).decode()]


def error_class(answer: WriteAnswer) -> str:
    assert isinstance(answer, NotApplied), answer
    assert isinstance(answer.error, TransientError | PermanentError)
    return answer.error.error_class


async def test_what_is_created_is_read_back(party: Party, subject: Subject, one: WriteCall) -> None:
    external_id = await made(party, one)
    assert await name_of(party, subject, external_id) == label_of(one)
    assert await bearing(party, subject, one) == [external_id]


def label_of(call: WriteCall) -> str:
    return call.intent_id.removeprefix("intent-")


async def test_an_update_changes_its_field_alone(party: Party, subject: Subject, one: WriteCall) -> None:
    external_id = await made(party, one)
    before = await party.connector.source.read(subject.object, [external_id], party.permit)
    assert await made(party, subject.patch(external_id, "Renamed")) == external_id
    after = await party.connector.source.read(subject.object, [external_id], party.permit)
    old, new = (orjson.loads(read.documents[0].document) for read in (before, after))
    assert subject.name(new) == "Renamed"
    changed = {key for key in old if old[key] != new.get(key)}
    stamps = {"updated", "Modified_Time", "last_modified_time"}
    named = {"fname", "First_Name", "Full_Name", "first_name", "contact_persons"}
    named |= {"name", "item_name"}
    assert changed <= stamps | named
    assert await bearing(party, subject, one) == [external_id]


async def test_a_write_is_one_request(party: Party, subject: Subject, one: WriteCall) -> None:
    seen = len(await party.admin.requests(subject.system))
    await made(party, one)
    assert len(await party.admin.requests(subject.system)) == seen + 1


@pytest.mark.parametrize("fault", ["timeout_after", "reset_mid_body", "status_after:502", "truncate", "html"])
async def test_a_lost_answer_leaves_one_record_that_is_found(
    party: Party, subject: Subject, one: WriteCall, fault: str
) -> None:
    assert one.reference is not None
    await party.admin.fault(subject.system, fault, subject.create_method)
    assert isinstance(await write(party, one), UnknownOutcome)
    sink = party.connector.sink
    found = await sink.probe(subject.object, one.reference, one.body, party.permit)
    assert [document.external_id for document in found] == await bearing(party, subject, one)
    assert len(found) == 1


async def test_where_a_resend_is_safe_it_makes_no_second_record(
    party: Party, subject: Subject, one: WriteCall
) -> None:
    if not party.connector.sink.resend_is_safe[subject.object]:
        await party.admin.fault(subject.system, "timeout_after", subject.create_method)
        assert isinstance(await write(party, one), UnknownOutcome)
        assert len(await bearing(party, subject, one)) == 1
        return
    first = await made(party, one)
    await party.admin.fault(subject.system, "timeout_after", subject.create_method)
    assert isinstance(await write(party, one), UnknownOutcome)
    assert await made(party, one) == first
    assert await bearing(party, subject, one) == [first]


async def test_trouble_before_the_write_leaves_nothing_and_is_still_unknown(
    party: Party, subject: Subject, one: WriteCall
) -> None:
    assert one.reference is not None
    await party.admin.fault(subject.system, "status_before:503", subject.create_method)
    assert isinstance(await write(party, one), UnknownOutcome)
    found = await party.connector.sink.probe(subject.object, one.reference, one.body, party.permit)
    assert (found, await bearing(party, subject, one)) == ([], [])


async def test_pages_hold_every_record_once(party: Party, subject: Subject) -> None:
    source = party.connector.source
    page, seen, pages = None, [], 0
    while pages < 50:
        answer = await source.changed_since(subject.object, None, page, party.permit)
        seen += [document.external_id for document in answer.documents]
        seen += [external_id for external_id, _ in answer.ids_to_read]
        page, pages = answer.next_page, pages + 1
        if page is None:
            break
    wanted = [
        row["id"]
        for row in await party.admin.state(subject.system, subject.kind)
        if row["record"].get("contact_type", "customer") == "customer" and row["record"].get("vis_state") != 1
    ]
    assert len(seen) == len(set(seen))
    assert set(seen) == set(wanted)
    assert pages > 1 or not subject.fills_pages, "the seeded business fills one page only"


async def test_a_persons_change_is_found_by_the_poll(party: Party, subject: Subject, one: WriteCall) -> None:
    external_id = await made(party, one)
    await party.admin.act(subject.system, subject.kind, "update", subject.act("ByHand"), external_id)
    since = datetime.now(UTC) - timedelta(minutes=1)
    page = await party.connector.source.changed_since(subject.object, since, None, party.permit)
    found = {document.external_id for document in page.documents} | {one for one, _ in page.ids_to_read}
    assert external_id in found
    assert page.seen_until is not None
    assert page.seen_until >= since


async def test_many_ids_are_read_in_few_calls(party: Party, subject: Subject) -> None:
    page = await party.connector.source.changed_since(subject.object, None, None, party.permit)
    ids = [document.external_id for document in page.documents] or [one for one, _ in page.ids_to_read]
    ids = ids[: party.connector.source.max_ids[subject.object]]
    read = await party.connector.source.read(subject.object, ids, party.permit)
    assert {document.external_id for document in read.documents} == set(ids)
    assert not [document for document in read.documents if document.gone]


async def test_an_unknown_id_is_gone(party: Party, subject: Subject) -> None:
    read = await party.connector.source.read(subject.object, [subject.unknown_id], party.permit)
    assert [(one.external_id, one.gone) for one in read.documents] == [(subject.unknown_id, True)]


async def test_a_refused_token_is_renewed_once_for_a_read(
    party: Party, subject: Subject, one: WriteCall
) -> None:
    external_id = await made(party, one)
    party.tokens.spoil()
    assert await name_of(party, subject, external_id) == label_of(one)
    assert party.tokens.renewals == 1


async def test_a_refused_token_gives_a_write_back_to_be_paid_again(
    party: Party, subject: Subject, one: WriteCall
) -> None:
    party.tokens.spoil()
    assert error_class(await write(party, one)) == "auth_expired"
    assert party.tokens.renewals == 1
    assert await bearing(party, subject, one) == []
    assert len([await made(party, one)]) == len(await bearing(party, subject, one))


async def test_a_429_is_no_write_and_no_answer(party: Party, subject: Subject, one: WriteCall) -> None:
    await party.admin.call("PUT", "/limits", {"system": subject.system, **subject.limit})
    with pytest.raises(TransientError) as caught:
        for _ in range(5):
            await party.connector.source.read(subject.object, [subject.unknown_id], party.permit)
    assert caught.value.error_class in subject.limited
    assert party.permit.rate_limited == 1
    assert error_class((await party.connector.sink.write([one]))[0]) in subject.limited
    assert await bearing(party, subject, one) == []


@pytest.mark.parametrize(
    "fault", ["html", "truncate", "reset_mid_body", "status_before:500", "timeout_after"]
)
async def test_a_malformed_answer_to_a_read_is_for_later(party: Party, subject: Subject, fault: str) -> None:
    await party.admin.fault(subject.system, fault, "GET")
    with pytest.raises(TransientError) as caught:
        await party.connector.source.changed_since(subject.object, None, None, party.permit)
    assert caught.value.error_class in ("network", "target_down")


async def test_a_dripping_answer_does_not_hold_us(party: Party, subject: Subject) -> None:
    await party.admin.fault(subject.system, "drip:1", "GET")
    with pytest.raises(TransientError):
        await party.connector.source.changed_since(subject.object, None, None, party.permit)


async def test_an_update_of_a_record_that_is_gone_says_so(party: Party, subject: Subject) -> None:
    answer = await write(party, subject.patch(subject.unknown_id, "Nobody"))
    assert error_class(answer) == "gone"
