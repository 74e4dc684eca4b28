"""Demo: reads both sides through the vendors' own APIs, with grants that are not the product's.

It knows the vendors' wire and nothing of the product: what it finds is the demo's judgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import FatalError
from twinledger.kernel.http import AsyncClient

__all__ = ["FreshBooksReads", "Record", "ZohoReads", "sign_in_freshbooks", "sign_in_zoho"]

Record = dict[str, Any]
_PARALLEL = 4
_LONGEST_WAIT_S = 61.0
_CRM_FIELDS = {
    "Contacts": (
        "First_Name,Last_Name,Email,Phone,Account_Name,"
        "Mailing_Street,Mailing_City,Mailing_State,Mailing_Zip,Mailing_Country"
    ),
    "Accounts": "Account_Name,Phone,Billing_Street,Billing_City,Billing_State,Billing_Code,Billing_Country",
}


@dataclass(frozen=True, slots=True)
class _Caller:
    """GET with a bearer token; waits out a vendor's 429."""

    http: AsyncClient
    clock: Clock
    headers: Mapping[str, str]
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PARALLEL))

    async def get(self, url: str, params: Mapping[str, Any]) -> Record:
        async with self.slots:
            answer = await self.http.get(url, params=dict(params), headers=self.headers)
            while answer.status_code == 429:
                wait_s = float(answer.headers.get("retry-after") or 2.0)
                await self.clock.sleep(min(wait_s, _LONGEST_WAIT_S))
                answer = await self.http.get(url, params=dict(params), headers=self.headers)
        if answer.status_code == 204:
            return {}
        if answer.status_code != 200:
            raise FatalError(f"{url} answers {answer.status_code}: {answer.text[:200]}")
        found: Record = answer.json()
        return found


@dataclass(frozen=True, slots=True)
class FreshBooksReads:
    """The accounting family of FreshBooks."""

    caller: _Caller
    base: str

    async def all(self, path: str, plural: str, **params: str) -> list[Record]:
        """Every living row of a list."""
        rows: list[Record] = []
        page, pages = 1, 1
        while page <= pages:
            query = {"per_page": 100, "page": page, **params}
            found = (await self.caller.get(f"{self.base}/{path}", query))["response"]["result"]
            rows += found[plural]
            page, pages = page + 1, int(found["pages"])
        return [row for row in rows if row.get("vis_state") != 1]


@dataclass(frozen=True, slots=True)
class ZohoReads:
    """Zoho Books and CRM of one organization."""

    caller: _Caller
    api_domain: str
    organization_id: str

    async def books(self, path: str, plural: str, **params: str) -> list[Record]:
        """Every row of a Books list."""
        rows: list[Record] = []
        page, more = 1, True
        while more:
            query = {"organization_id": self.organization_id, "page": page, "per_page": 200, **params}
            found = await self.caller.get(f"{self.api_domain}/books/v3/{path}", query)
            rows += found[plural]
            page, more = page + 1, bool(found.get("page_context", {}).get("has_more_page"))
        return rows

    async def books_one_by_one(self, path: str, singular: str, ids: Sequence[str]) -> list[Record]:
        """Full records: what Books leaves out of its lists."""
        query = {"organization_id": self.organization_id}
        found = await asyncio.gather(
            *(self.caller.get(f"{self.api_domain}/books/v3/{path}/{each}", query) for each in ids)
        )
        return [answer[singular] for answer in found]

    async def crm(self, module: str) -> list[Record]:
        """Every record of a CRM module."""
        rows: list[Record] = []
        page, more = 1, True
        while more:
            query = {"fields": _CRM_FIELDS[module], "page": page, "per_page": 200}
            found = await self.caller.get(f"{self.api_domain}/crm/v8/{module}", query)
            rows += found.get("data", [])
            page, more = page + 1, bool(found.get("info", {}).get("more_records"))
        return rows


async def sign_in_freshbooks(http: AsyncClient, clock: Clock, vendor: Record) -> FreshBooksReads:
    """Spends the sandbox's spare refresh token and puts the next one in its place."""
    answer = await _token(http, f"{vendor['api']}/auth/oauth/token", vendor)
    vendor["refresh_token"] = answer["refresh_token"]
    caller = _Caller(http, clock, {"Authorization": f"Bearer {answer['access_token']}"})
    return FreshBooksReads(caller, f"{vendor['api']}/accounting/account/{vendor['account_id']}")


async def sign_in_zoho(http: AsyncClient, clock: Clock, vendor: Record) -> ZohoReads:
    """An access token of the sandbox's spare grant."""
    answer = await _token(http, f"{vendor['accounts']}/oauth/v2/token", vendor)
    caller = _Caller(http, clock, {"Authorization": f"Zoho-oauthtoken {answer['access_token']}"})
    return ZohoReads(caller, vendor["api_domain"], vendor["organization_id"])


async def _token(http: AsyncClient, url: str, vendor: Record) -> Record:
    names = ("client_id", "client_secret", "redirect_uri", "refresh_token")
    form = {"grant_type": "refresh_token", **{name: vendor[name] for name in names}}
    answer = await http.post(url, data=form)
    found: Record = answer.json()
    if "access_token" not in found:
        raise FatalError(f"{url} refuses the spare grant: {answer.text[:200]}")
    return found
