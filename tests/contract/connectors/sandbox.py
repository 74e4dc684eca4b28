"""The sandbox as its own process, a person who consents, and the surroundings a stage would give."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from twinledger.connectors import registry
from twinledger.connectors.base.access import AccessToken, Auth, Grant
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.http import AsyncClient, new_http_client

__all__ = [
    "Admin",
    "CountingPermit",
    "Party",
    "Sandbox",
    "Wallet",
    "account_of",
    "allow",
    "api_url",
    "oauth_client",
    "open_party",
    "running_sandbox",
]

ROOT = Path(__file__).parents[3]
CUSTOMERS = 450
"""More than one page of every list (100 at FreshBooks, 200 at Zoho)."""


@dataclass
class Sandbox:
    """Where everything is, and the grants that a person has given so far."""

    urls: dict[str, Any]
    grants: dict[str, Grant] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)


@contextmanager
def running_sandbox(folder: Path) -> Iterator[Sandbox]:
    """Ready when it says so; ended by closing it."""
    urls = folder / "urls.json"
    command = [sys.executable, "-m", "twinledger.sandbox", "--port", "0", "--urls", str(urls)]
    for switch in os.environ.get("SANDBOX_SWITCHES", "").split():  # the nightly run turns them
        command += ["--switch", switch]
    process = subprocess.Popen(
        [*command, "--customers", str(CUSTOMERS), "--seed", "7"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "services")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("sandbox ready"), f"the sandbox did not start: {line!r}"
        yield Sandbox(orjson.loads(urls.read_bytes()))
    finally:
        process.terminate()
        process.wait(timeout=30)


class Admin:
    """The sandbox's own door."""

    def __init__(self, http: AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        content = None if body is None else orjson.dumps(body)
        answer = await self._http.request(method, self._url + path, content=content, params=query)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        if answer.headers["content-type"].startswith("application/jsonl"):
            return [orjson.loads(line) for line in answer.text.splitlines()]
        return orjson.loads(answer.content)

    async def act(
        self, system: str, name: str, op: str, fields: Mapping[str, Any], record_id: str = ""
    ) -> str:
        """What a person does in the vendor's own page; answers the record's id."""
        body = {"system": system, "object": name, "op": op, "fields": fields}
        answer = await self.call("POST", "/act", body | ({"id": record_id} if record_id else {}))
        return str(answer["id"])

    async def fault(self, system: str, fault: str, method: str, path: str = "*") -> None:
        """The next matching call meets it."""
        match = {"method": method, "path": path}
        await self.call("POST", "/faults", {"system": system, "match": match, "fault": fault})

    async def state(self, system: str, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.call("GET", "/state", system=system, object=name)
        return [row for row in rows if not row["deleted"]]

    async def requests(self, system: str, after: int = 0) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self.call(
            "GET", "/ledger", system=system, kind="request", after=str(after)
        )
        return rows


class CountingPermit:
    """Grants everything and counts."""

    def __init__(self) -> None:
        self.open = 0
        self.acquired = 0
        self.rate_limited = 0

    async def acquire(self, *, cost: int = 1) -> str:
        self.open += 1
        self.acquired += 1
        return str(self.acquired)

    async def answered(
        self, permit_id: str, *, rate_limited: bool = False, retry_after_s: float | None = None
    ) -> None:
        self.open -= 1
        self.rate_limited += rate_limited


class Wallet:
    """TokenSource over the grants of this session. `spoil()`: the next token is one the vendor refuses."""

    def __init__(self, sandbox: Sandbox, platform: str, auth: Auth) -> None:
        self._grants = sandbox.grants
        self._platform = platform
        self._auth = auth
        self._spoiled = False
        self.renewals = 0

    def spoil(self) -> None:
        self._spoiled = True

    async def token(self) -> AccessToken:
        access = self._grants[self._platform].access
        if self._spoiled:
            return AccessToken("1000.spoiled", access.expires_at, access.api_domain)
        return access

    async def renewed(self, refused: AccessToken) -> AccessToken:
        self.renewals += 1
        self._spoiled = False
        held = self._grants[self._platform]
        if held.access.value == refused.value or self.renewals:
            server = held.accounts_server or None
            self._grants[self._platform] = await self._auth.refresh(
                held.refresh_token, accounts_server=server
            )
        return self._grants[self._platform].access


@dataclass
class Party:
    """One connector against the sandbox, with all that a test needs around it."""

    system: str
    connector: Connector
    tokens: Wallet
    permit: CountingPermit
    admin: Admin
    auth: Auth


@asynccontextmanager
async def open_party(sandbox: Sandbox, system: str, *, timeout_s: float = 5) -> AsyncIterator[Party]:
    platform = registry.infos()[system].platform
    clock = SystemClock()
    async with new_http_client(timeout_s=timeout_s) as http, new_http_client() as office:
        auth = registry.auth(platform, oauth_client(sandbox, platform), http=http, clock=clock)
        if platform not in sandbox.grants:
            sandbox.grants[platform] = await consent(http, auth, platform)
        tokens = Wallet(sandbox, platform, auth)
        (account,) = await auth.accounts(await tokens.token())
        connection = Connection("acme", account, tokens, api_url(sandbox, platform), timeout_s)
        connector = registry.build(system, connection, http=http, clock=clock)
        if system not in sandbox.ready:
            await connector.setup.ensure_reference_fields(list(connector.info.objects), CountingPermit())
            sandbox.ready.add(system)
        admin = Admin(office, sandbox.urls["admin"])
        yield Party(system, connector, tokens, CountingPermit(), admin, auth)


def oauth_client(sandbox: Sandbox, platform: str) -> OAuthClient:
    """Our application as the sandbox knows it."""
    urls = sandbox.urls["freshbooks"] if platform == "freshbooks" else sandbox.urls["zoho"]["us"]
    hosts = [urls[key] for key in ("api", "auth", "accounts", "api_domain") if key in urls]
    return OAuthClient(
        urls["client_id"],
        urls["client_secret"],
        urls["redirect_uri"],
        auth_url=urls.get("auth") or urls["accounts"],
        api_url=urls.get("api", ""),
        environment="test",
        sandbox_origins=tuple(hosts),
    )


async def consent(http: AsyncClient, auth: Auth, platform: str) -> Grant:
    """A person allows exactly what the manifests ask for every object and operation."""
    operations = [
        (name, operation)
        for info in registry.infos().values()
        for name, about in info.objects.items()
        for operation in about["scopes"]
    ]
    return await allow(http, auth, registry.scopes_for(platform, operations))


async def allow(http: AsyncClient, auth: Auth, scopes: Sequence[str]) -> Grant:
    """The whole handshake: page, form, redirect, code."""
    url = auth.authorize_url(scopes=scopes, state="s1")
    page = await http.get(url)
    assert page.status_code == 200, page.text
    answer = await http.post(url, data={"decision": "allow"})
    assert answer.status_code == 302, answer.text
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == ["s1"]
    server = back.get("accounts-server", [""])[0]
    return await auth.exchange(back["code"][0], accounts_server=server or None)


def account_of(sandbox: Sandbox, platform: str) -> dict[str, str]:
    """The ids a connection needs, as the sandbox names them."""
    urls = sandbox.urls["freshbooks"] if platform == "freshbooks" else sandbox.urls["zoho"]["us"]
    return {key: str(urls[key]) for key in ("account_id", "business_id", "organization_id") if key in urls}


def api_url(sandbox: Sandbox, platform: str) -> str:
    urls = sandbox.urls
    return str(urls["freshbooks"]["api"] if platform == "freshbooks" else urls["zoho"]["us"]["api_domain"])
