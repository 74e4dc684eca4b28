"""A FreshBooks user and an HTTP client in one: consents by the page's own form, then calls the API."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import orjson

from twinledger.sandbox.program import Sandbox

Answer = tuple[int, Any]


class FreshBooksBrowser:
    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session
        self.urls: dict[str, Any] = sandbox.addresses["freshbooks"]
        self.admin: str = sandbox.addresses["admin"]
        self.account = f"{self.urls['api']}/accounting/account/{self.urls['account_id']}"
        self.business: int = self.urls["business_id"]
        self.events = f"{self.urls['api']}/events/account/{self.urls['account_id']}/events/callbacks"
        self.token = ""

    async def connect(self, scope: str | None = None) -> dict[str, Any]:
        """The whole consent: page, form, redirect, code."""
        code = await self.consent(scope)
        status, body = await self.token_call({"grant_type": "authorization_code", "code": code})
        assert status == 200, body
        self.token = body["access_token"]
        tokens: dict[str, Any] = body
        return tokens

    async def consent(self, scope: str | None = None) -> str:
        query = {
            "response_type": "code",
            "client_id": self.urls["client_id"],
            "redirect_uri": self.urls["redirect_uri"],
            "state": "s1",
        }
        if scope:
            query["scope"] = scope
        async with self.session.get(f"{self.urls['auth']}/oauth/authorize/", params=query) as page:
            form = await page.text()
            assert page.status == 200, form
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
        async with self.session.post(
            f"{self.urls['auth']}/oauth/authorize", data=fields | {"decision": "allow"}, allow_redirects=False
        ) as answer:
            back = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert back["state"] == ["s1"]
        return back["code"][0]

    async def token_call(self, given: dict[str, str], *, encoding: str = "form") -> Answer:
        client = {name: self.urls[name] for name in ("client_id", "client_secret", "redirect_uri")}
        body = client | given
        url = f"{self.urls['api']}/auth/oauth/token"
        if encoding == "json":
            return await self._read(self.session.post(url, json=body))
        if encoding == "multipart":
            form = aiohttp.FormData()
            for name, value in body.items():
                form.add_field(name, value, content_type="text/plain")
            return await self._read(self.session.post(url, data=form))
        return await self._read(self.session.post(url, data=body))

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`path` below the account, or a full address."""
        url = path if path.startswith("http") else f"{self.account}/{path}"
        sent = {"Authorization": f"Bearer {self.token}"} | {
            key.replace("_", "-"): each for key, each in headers.items()
        }
        return await self._read(self.session.request(method, url, json=body, headers=sent))

    async def result(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.call(method, path, body)
        assert status == 200, answer
        return answer["response"]["result"]

    async def admin_call(self, method: str, path: str, body: Any = None) -> Answer:
        return await self._read(self.session.request(method, self.admin + path, json=body))

    async def _read(self, request: Any) -> Answer:
        async with request as answer:
            text = await answer.text()
            if answer.content_type == "application/jsonl":
                return answer.status, [orjson.loads(line) for line in text.splitlines()]
            try:
                return answer.status, orjson.loads(text) if text else None
            except orjson.JSONDecodeError:
                return answer.status, text

    async def new_client(self, **fields: Any) -> int:
        result = await self.result("POST", "users/clients", {"client": {"organization": "Harbor", **fields}})
        number: int = result["client"]["id"]
        return number
