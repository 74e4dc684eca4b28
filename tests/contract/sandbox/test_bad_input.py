"""Bad input of every kind, to every vendor: the vendor's own error, nothing applied, never a 500."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from twinledger.sandbox.grants import Grant
from twinledger.sandbox.program import Options, Sandbox

GOOD, POOR, NOBODY = "good-token", "poor-token", "unknown-token"
POOR_SCOPES = {"freshbooks": ("user:profile:read",), "zoho.us": ("ZohoMail.messages.READ",)}
LARGE = b'{"x":"' + b"a" * (10 * 1024 * 1024) + b'"}'
FORM = "application/x-www-form-urlencoded"
Expected = tuple[int, str]


@dataclass(frozen=True)
class Subject:
    """Where records of one kind are made and read; two bodies that must be refused."""

    scheme: str
    create: str
    one: str
    wrong_type: Any
    missing: Any
    form_field: str = ""  # People takes its JSON in a form

    def body(self, value: Any) -> bytes:
        return (f"{self.form_field}=" if self.form_field else "").encode() + json.dumps(value).encode()

    def raw(self, content: bytes) -> bytes:
        return (f"{self.form_field}=" if self.form_field else "").encode() + content


ACCOUNTING, TRACKING = "{fb}/accounting/account/{account}", "{fb}/timetracking/business/{business}"
EVENTS = "{fb}/events/account/{account}/events/callbacks"
ORG = "?organization_id={org}"
SUBJECTS = {
    "freshbooks client": Subject(
        "Bearer",
        f"{ACCOUNTING}/users/clients",
        f"{ACCOUNTING}/users/clients/999",
        {"client": {"email": {"a": 1}}},
        {"client": {}},
    ),
    "freshbooks invoice": Subject(
        "Bearer",
        f"{ACCOUNTING}/invoices/invoices",
        f"{ACCOUNTING}/invoices/invoices/999",
        {"invoice": {"customerid": "x", "create_date": 5}},
        {"invoice": {}},
    ),
    "freshbooks time entry": Subject(
        "Bearer",
        f"{TRACKING}/time_entries",
        f"{TRACKING}/time_entries/999",
        {"time_entry": {"is_logged": 7, "duration": "x", "started_at": "y"}},
        {"time_entry": {}},
    ),
    "freshbooks callback": Subject(
        "Bearer", EVENTS, f"{EVENTS}/999", {"callback": {"event": 5, "uri": 5}}, {"callback": {}}
    ),
    "crm contact": Subject(
        "Zoho-oauthtoken",
        "{zoho}/crm/v8/Contacts",
        "{zoho}/crm/v8/Contacts/4150868000009999999",
        {"data": [{"Last_Name": {"a": 1}}]},
        {"data": [{"Title": "x"}]},
    ),
    "books contact": Subject(
        "Zoho-oauthtoken",
        "{zoho}/books/v3/contacts" + ORG,
        "{zoho}/books/v3/contacts/999" + ORG,
        {"contact_name": {"a": 1}},
        {},
    ),
    "inventory item": Subject(
        "Zoho-oauthtoken",
        "{zoho}/inventory/v1/items" + ORG,
        "{zoho}/inventory/v1/items/999" + ORG,
        {"name": "x", "rate": "y"},
        {},
    ),
    "expense category": Subject(
        "Zoho-oauthtoken",
        "{zoho}/expense/v1/expensecategories",
        "{zoho}/expense/v1/expensecategories/999",
        {"category_name": {"a": 1}},
        {},
    ),
    "people employee": Subject(
        "Zoho-oauthtoken",
        "{people}/people/api/forms/json/employee/insertRecord",
        "{people}/people/api/forms/employee/getDataByID?recordId=999",
        {"FirstName": {"a": 1}},
        {},
        "inputData",
    ),
}
KINDS = (
    "wrong type", "missing field", "unknown id", "no id", "unknown token", "wrong scope", "10 MB",
    "invalid JSON", "wrong encoding", "no object",
)  # fmt: skip
_FINANCE: tuple[Expected, ...] = (
    (400, '"code":4,'), (400, '"code":4,'), (404, '"code":1002,'), (404, '"code":1002,'),
    (401, '"code":57,'), (401, '"code":57,'), (400, '"code":1038,'),
    (400, '"code":1038,'), (400, '"code":1038,'), (400, '"code":1038,'),
)  # fmt: skip
ANSWERS: dict[str, tuple[Expected, ...]] = {
    "freshbooks client": (
        (422, '"errno":1035'), (422, '"errno":1001'), (404, '"errno":1012'), (404, '"errno":1012'),
        (401, '"error":"unauthenticated"'), (403, '"errno":1003'), (413, '"errors":[{"errno":1017'),
        (400, '"errno":1005'), (400, '"errno":1005'), (422, '"errno":1001'),
    ),
    "freshbooks invoice": (
        (422, '"errno":1015'), (422, '"errno":1001'), (404, '"errno":1012'), (404, '"errno":1012'),
        (401, '"error":"unauthenticated"'), (403, '"errno":1003'), (413, '"errors":[{"errno":1017'),
        (400, '"errno":1005'), (400, '"errno":1005'), (422, '"errno":1001'),
    ),
    "freshbooks time entry": (
        (422, '"errno":2001'), (422, "field required"),
        (404, "could not be found"), (404, "could not be found"),
        (401, '"error":"unauthenticated"'), (403, '"errno":403'), (413, '"errno":413'),
        (400, '"errno":400'), (400, '"errno":400'), (422, "field required"),
    ),
    "freshbooks callback": (
        (422, "Unrecognized event"), (422, "Field required"), (404, '"errno":404'), (404, '"errno":404'),
        (401, '"error":"unauthenticated"'), (403, '"errno":403'), (413, '"errno":413'),
        (400, '"errno":400'), (400, '"errno":400'), (422, "Field required"),
    ),
    "crm contact": (
        (400, '"expected_data_type":"text"'), (400, "MANDATORY_NOT_FOUND"), (204, ""), (400, "INVALID_DATA"),
        (401, "INVALID_TOKEN"), (401, "OAUTH_SCOPE_MISMATCH"), (413, "REQUEST_ENTITY_TOO_LARGE"),
        (400, "jsonobject"), (400, "jsonobject"), (400, "jsonobject"),
    ),
    "books contact": _FINANCE,
    "inventory item": _FINANCE,
    "expense category": _FINANCE,
    "people employee": (
        (200, '"code":7034'), (200, '"code":7052'), (200, '"code":7049'), (200, '"code":7049'),
        (401, "OAuth token is invalid"), (403, '"code":7040'), (413, '"code":7057'),
        (200, '"code":7016'), (200, '"code":7013'), (200, '"code":7016'),
    ),
}  # fmt: skip


class Caller:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self._sandbox, self._session = sandbox, session
        freshbooks, zoho = sandbox.addresses["freshbooks"], sandbox.addresses["zoho"]["us"]
        self._org = zoho["organization_id"]
        self._places = {
            "fb": freshbooks["api"],
            "account": freshbooks["account_id"],
            "business": freshbooks["business_id"],
            "zoho": zoho["api_domain"],
            "people": zoho["people"],
            "org": self._org,
        }

    async def send(
        self, subject: Subject, method: str, address: str, token: str, body: bytes | None = None
    ) -> tuple[int, str]:
        headers = {
            "Authorization": f"{subject.scheme} {token}",
            "X-com-zoho-expense-organizationid": self._org,
        }
        if body is not None:
            headers["Content-Type"] = FORM if subject.form_field else "application/json"
        url = URL(address.format(**self._places), encoded=True)
        async with self._session.request(method, url, data=body, headers=headers) as answer:
            return answer.status, (await answer.read()).decode("utf-8", "replace")

    async def try_kind(self, subject: Subject, kind: str) -> tuple[int, str]:
        bodies = {
            "wrong type": subject.body(subject.wrong_type),
            "missing field": subject.body(subject.missing),
            "10 MB": subject.raw(LARGE),
            "invalid JSON": subject.raw(b'{"a": '),
            "wrong encoding": subject.raw('{"a":"é"}'.encode("latin-1")),
            "no object": subject.raw(b"[1]"),
        }
        if kind in bodies:
            return await self.send(subject, "POST", subject.create, GOOD, bodies[kind])
        if kind == "wrong scope":
            address = subject.create
            whole = {"callback": {"event": "invoice", "uri": "http://127.0.0.1:9/"}}
            body = subject.body(whole if address == EVENTS else subject.missing)
            return await self.send(subject, "POST", address, POOR, body)
        token = NOBODY if kind == "unknown token" else GOOD
        address = subject.one.replace("999", "%00x%FF") if kind == "no id" else subject.one
        return await self.send(subject, "GET", address, token)

    def effects(self) -> int:
        return sum(1 for _ in self._sandbox.world.ledger.read(0, "effect", None))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller() -> AsyncIterator[Caller]:
    sandbox = Sandbox(Options(customers=2))
    await sandbox.start()
    for name, scopes in POOR_SCOPES.items():
        book = sandbox.world.grant_book(name)
        first = next(iter(book.grants.values()))
        poor = book.open(Grant("poor", first.client_id, first.user_id, scopes, None, first.created_at))
        book.issue_access(first, GOOD, 3600)
        book.issue_access(poor, POOR, 3600)
    async with aiohttp.ClientSession() as session:
        yield Caller(sandbox, session)
    await sandbox.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SUBJECTS)
async def test_the_vendors_own_error_and_nothing_applied(
    caller: Caller, name: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = caller.effects()
    status, text = await caller.try_kind(SUBJECTS[name], kind)
    wanted_status, wanted_text = ANSWERS[name][KINDS.index(kind)]
    assert status == wanted_status, text
    assert wanted_text in text
    assert "Traceback" not in text
    assert caplog.records == [], "a handler crashed"
    assert caller.effects() == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("freshbooks client", 422, '"errno":1014'),
        ("freshbooks time entry", 422, "valid integer"),
        ("freshbooks callback", 422, '"errno":422'),
        ("crm contact", 400, '"param_name":"per_page"'),
        ("books contact", 400, '"code":4,'),
        ("inventory item", 400, '"code":4,'),
        ("expense category", 400, '"code":4,'),
    ],
)
async def test_a_page_that_is_no_number_is_refused(caller: Caller, name: str, status: int, said: str) -> None:
    subject = SUBJECTS[name]
    address = subject.create + ("&" if "?" in subject.create else "?") + "page=x&per_page=y&fields=Email"
    answered, text = await caller.send(subject, "GET", address, GOOD)
    assert answered == status, text
    assert said in text
