"""A Zoho user and an HTTP client in one: consents by the page's own form, then calls the CRM."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import orjson
from aiohttp import web

from twinledger.sandbox.program import Sandbox

Answer = tuple[int, Any]
SCOPES = (
    "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.notifications.ALL,ZohoCRM.coql.READ,ZohoCRM.users.READ,"
    "ZohoCRM.org.READ,ZohoCRM.apis.READ,ZohoSearch.securesearch.READ"
)


class ZohoBrowser:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession, site: str = "us") -> None:
        self.sandbox = sandbox
        self.session = session
        self.urls: dict[str, Any] = sandbox.addresses["zoho"][site]
        self.admin: str = sandbox.addresses["admin"]
        self.token = ""

    def asked(self, **changes: str) -> dict[str, str]:
        query = {
            "response_type": "code",
            "client_id": self.urls["client_id"],
            "redirect_uri": self.urls["redirect_uri"],
            "scope": SCOPES,
            "access_type": "offline",
            "prompt": "consent",
            "state": "s1",
        }
        return query | changes

    async def consent(self, decision: str = "allow", location: str = "", **changes: str) -> dict[str, str]:
        """Opens the page, fills its form in, and gives the query of the redirect."""
        url = f"{self.urls['accounts']}/oauth/v2/auth"
        async with self.session.get(url, params=self.asked(**changes), allow_redirects=False) as page:
            text = await page.text()
            if page.status == 302:
                return _query(page.headers["location"])
            assert page.status == 200, text
        fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text))
        fields |= {"decision": decision} | ({"location": location} if location else {})
        async with self.session.post(url, data=fields, allow_redirects=False) as answer:
            return _query(answer.headers["location"])

    async def connect(self, **changes: str) -> dict[str, Any]:
        back = await self.consent(**changes)
        status, body = await self.token_call(grant_type="authorization_code", code=back["code"])
        assert status == 200 and "access_token" in body, body
        self.token = body["access_token"]
        tokens: dict[str, Any] = body
        return tokens

    async def token_call(self, encoding: str = "form", **given: str) -> Answer:
        client = {name: self.urls[name] for name in ("client_id", "client_secret", "redirect_uri")}
        url, body = f"{self.urls['accounts']}/oauth/v2/token", client | given
        if encoding == "query":
            return await self._read(self.session.post(url, params=body))
        if encoding == "multipart":
            form = aiohttp.FormData()
            for name, value in body.items():
                form.add_field(name, value, content_type="text/plain")
            return await self._read(self.session.post(url, data=form))
        return await self._read(self.session.post(url, data=body))

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`path` below /crm/v8. Header names with underscores."""
        sent = {"Authorization": f"Zoho-oauthtoken {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = orjson.dumps(body) if body is not None else None
        url = f"{self.urls['api_domain']}/crm/v8{path}"
        return await self._read(self.session.request(method, url, data=data, headers=sent))

    async def act(self, name: str, op: str, record_id: str | None = None, **fields: Any) -> Answer:
        body = {"system": "zoho_crm", "object": name, "op": op, "id": record_id, "fields": fields}
        return await self._read(self.session.post(f"{self.admin}/act", json=body))

    async def admin_call(self, method: str, path: str, body: Any = None) -> Answer:
        return await self._read(self.session.request(method, f"{self.admin}{path}", json=body))

    async def switch(self, name: str, value: object) -> None:
        status, body = await self.admin_call("PUT", "/switches", {name: value})
        assert status == 200, body

    async def advance(self, seconds: float) -> None:
        await self.admin_call("POST", "/clock/advance", {"seconds": seconds})

    async def create(self, module: str, **values: Any) -> str:
        status, body = await self.call("POST", f"/{module}", {"data": [values]})
        assert status == 201, body
        return str(body["data"][0]["details"]["id"])

    async def unique_field(self, module: str, label: str = "FreshBooks ID") -> None:
        field = {
            "field_label": label,
            "data_type": "text",
            "length": 100,
            "unique": {"case_sensitive": False},
        }
        status, body = await self.call("POST", f"/settings/fields?module={module}", {"fields": [field]})
        assert status == 201, body

    async def _read(self, request: Any) -> Answer:
        async with request as answer:
            raw = await answer.read()
            if answer.content_type == "application/jsonl":
                return answer.status, [orjson.loads(line) for line in raw.splitlines()]
            return answer.status, orjson.loads(raw) if raw and "json" in answer.content_type else raw.decode()


class Listener:
    """A notify_url that remembers what was posted."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._runner = web.AppRunner(self._application())
        self.url = ""

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/hook", self._take)
        return application

    async def _take(self, request: web.Request) -> web.Response:
        self.bodies.append(orjson.loads(await request.read()))
        return web.Response()

    async def start(self) -> "Listener":
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        address = self._runner.addresses[0]
        self.url = f"http://127.0.0.1:{address[1]}/hook?k=v"
        return self

    async def stop(self) -> None:
        await self._runner.cleanup()


def _query(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
