"""FreshBooks' consent page, and the redirect with a code. Sheet 2."""

import html
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from ..call import Call, Refused, Reply, html_reply
from ..grants import App, Code
from ..plugin import Route

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["Consent"]

CODE_LIFE_S = 300
PAGE = """<!DOCTYPE html><html lang="en"><head><title>Authorize - FreshBooks</title></head><body>
<main><h1>{name} wants to use your FreshBooks account</h1><p>{business}</p><ul>{scopes}</ul>
<form method="post" action="{action}">{fields}
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button></form></main></body></html>"""


class Consent:
    def __init__(self, vendor: "FreshBooks") -> None:
        self._vendor = vendor
        self._world = vendor.world
        self._grants = vendor.grants

    def routes(self) -> list[Route]:
        routes = []
        for path in ("/oauth/authorize", "/service/auth/oauth/authorize"):
            for method, handler in (("GET", self.page), ("POST", self.decide)):
                routes.append(
                    Route(
                        method,
                        path,
                        handler,
                        "freshbooks.auth",
                        summary="consent page",
                        sheet="2",
                        public=True,
                        limited=False,
                        secrets=True,
                    )
                )
        return routes

    def page(self, call: Call) -> Reply:
        app, _, scopes = self._request(call, dict(call.query))
        fields = "".join(
            f'<input type="hidden" name="{html.escape(key)}" value="{html.escape(value)}">'
            for key, value in call.query
        )
        listed = "".join(f"<li>{html.escape(scope)}</li>" for scope in scopes)
        shown = PAGE.format(
            name=html.escape(app.client_id),
            business=html.escape(self._vendor.business_name),
            scopes=listed,
            action=html.escape(call.path),
            fields=fields,
        )
        return html_reply(shown)

    def decide(self, call: Call) -> Reply:
        given = dict(call.query) | dict(call.form().pairs)
        app, redirect, scopes = self._request(call, given)
        answer = {"state": given["state"]} if given.get("state") else {}
        if given.get("decision", "allow") != "allow":
            denied = {"error": "access_denied", "error_description": "The resource owner denied the request."}
            return _redirect(redirect, denied | answer)
        code = self._world.random.token("freshbooks.code", 64)
        data = {key: given[key] for key in ("code_challenge", "code_challenge_method") if given.get(key)}
        self._grants.codes[code] = Code(
            app.client_id, redirect, scopes, self._world.clock.now() + CODE_LIFE_S, data
        )
        return _redirect(redirect, {"code": code} | answer)

    def _request(self, call: Call, given: dict[str, str]) -> tuple[App, str, tuple[str, ...]]:
        app = self._grants.apps.get(given.get("client_id", ""))
        if app is None:
            raise _page_error("Client authentication failed due to unknown client.", 401)
        redirect = given.get("redirect_uri", "")
        if urlsplit(redirect).query or not self._grants.redirect_allowed(app, redirect):
            raise _page_error("The redirect uri included is not valid.", 401)
        if given.get("response_type") != "code":
            raise _page_error("The authorization server does not support this response type.", 400)
        wanted = tuple(given.get("scope", "").split()) or app.scopes
        if any(scope not in app.scopes for scope in wanted):
            raise _page_error("The requested scope is invalid, unknown, or malformed.", 400)
        return app, redirect, tuple(dict.fromkeys(("user:profile:read", *wanted)))


def _redirect(uri: str, answer: dict[str, Any]) -> Reply:
    return Reply(302, b"", [("Location", f"{uri}?{urlencode(answer)}")], "text/html; charset=utf-8")


def _page_error(text: str, status: int) -> Refused:
    shown = (
        f"<!DOCTYPE html><html><body><h1>An error has occurred</h1><p>{html.escape(text)}</p></body></html>"
    )
    return Refused(html_reply(shown, status), text)
