"""A client of the simulated Zoho finance products, with a token that needed no consent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from twinledger.sandbox.grants import Grant
from twinledger.sandbox.program import Options, Sandbox

Answer = tuple[int, Any]
TOKEN = "desk-token"
VENDORS = ("zoho_accounts", "zoho_books", "zoho_inventory", "zoho_expense", "zoho_people")
SCOPES = (
    "ZohoBooks.fullaccess.all",
    "ZohoInventory.fullaccess.all",
    "ZohoExpense.fullaccess.all",
    "ZOHOPEOPLE.forms.ALL",
)


class Desk:
    """`prefix` is the product spoken to; `inventory`, `expense`, `people` speak to the others."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.world, self.session = sandbox.world, session
        self.urls: dict[str, Any] = sandbox.addresses["zoho"]["us"]
        self.admin: str = sandbox.addresses["admin"]
        self.organization: str = self.urls["organization_id"]
        self.open_grant(SCOPES, TOKEN)

    def open_grant(self, scopes: tuple[str, ...], token: str) -> None:
        book = self.world.grant_book("zoho.us")
        grant = book.open(
            Grant(f"grant-{token}", "client", "660012841", scopes, None, self.world.clock.now())
        )
        book.issue_access(grant, token, 3600)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        prefix: str = "/books/v3",
        token: str = TOKEN,
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        raw: bytes | None = None,
        **query: Any,
    ) -> Answer:
        asked = urlencode({"organization_id": self.organization} | query)
        sent = {"Authorization": f"Zoho-oauthtoken {token}"} | (headers or {})
        data: Any = raw if raw is not None else form
        if body is not None:
            data, sent["Content-Type"] = orjson.dumps(body), "application/json"
        host = self.urls["people" if "/api/forms" in path else "api_domain"]
        return await self._read(
            self.session.request(method, f"{host}{prefix}{path}?{asked}", data=data, headers=sent)
        )

    async def ok(self, method: str, path: str, body: Any = None, **rest: Any) -> Any:
        status, answer = await self.call(method, path, body, **rest)
        assert status in (200, 201) and answer["code"] == 0, answer
        return answer

    async def inventory(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        return await self.call(method, path, body, prefix="/inventory/v1", **query)

    async def expense(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        headers = {"X-com-zoho-expense-organizationid": self.organization}
        query.setdefault("organization_id", "")
        return await self.call(method, path, body, prefix="/expense/v1", headers=headers, **query)

    async def people(
        self, method: str, path: str, form: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        return await self.call(method, f"/people/api/forms{path}", prefix="", form=form, **query)

    async def act(
        self, name: str, op: str, record_id: str | None = None, *, system: str = "zoho_books", **fields: Any
    ) -> Answer:
        body = {"system": system, "object": name, "op": op, "id": record_id, "fields": fields}
        return await self.admin_call("POST", "/act", body)

    async def admin_call(self, method: str, path: str, body: Any = None) -> Answer:
        return await self._read(self.session.request(method, self.admin + path, json=body))

    async def switch(self, name: str, value: object) -> None:
        status, answer = await self.admin_call("PUT", "/switches", {name: value})
        assert status == 200, answer

    async def customer(self, name: str = "Harbor Bakery", **fields: Any) -> str:
        answer = await self.ok("POST", "/contacts", {"contact_name": name, **fields})
        return str(answer["contact"]["contact_id"])

    async def vendor(self, name: str = "North Paper") -> str:
        return await self.customer(name, contact_type="vendor")

    async def invoice(self, customer_id: str, total: float = 100, **fields: Any) -> str:
        lines = [{"name": "Work", "rate": total, "quantity": 1}]
        body = {"customer_id": customer_id, "line_items": lines, "due_date": "2099-01-01", **fields}
        answer = await self.ok("POST", "/invoices", body, send="true")
        return str(answer["invoice"]["invoice_id"])

    async def read(self, path: str, key: str) -> dict[str, Any]:
        record: dict[str, Any] = (await self.ok("GET", path))[key]
        return record

    async def tax(self, name: str) -> str:
        taxes = (await self.ok("GET", "/settings/taxes"))["taxes"]
        return next(str(each["tax_id"]) for each in taxes if each["tax_name"] == name)

    async def account(self, name: str) -> str:
        accounts = (await self.ok("GET", "/chartofaccounts"))["chartofaccounts"]
        return next(str(each["account_id"]) for each in accounts if each["account_name"] == name)

    async def _read(self, request: Any) -> Answer:
        async with request as answer:
            text = await answer.text()
            if answer.content_type == "application/jsonl":
                return answer.status, [orjson.loads(line) for line in text.splitlines()]
            return answer.status, orjson.loads(text)


@asynccontextmanager
async def open_desk(customers: int = 0) -> AsyncIterator[Desk]:
    sandbox = Sandbox(Options(clock="virtual", vendors=VENDORS, customers=customers))
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        desk = Desk(sandbox, session)
        for system in ("zoho_books", "zoho_expense", "zoho_people"):
            await desk.admin_call("PUT", "/limits", {"system": system, "minute": None})
        yield desk
    await sandbox.close()
