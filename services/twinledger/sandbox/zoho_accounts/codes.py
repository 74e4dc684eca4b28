"""Sandbox, Zoho accounts: consent. The page, the code, and the redirect back to the client."""

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..call import Call, Reply, html_reply, json_reply
from ..grants import App, Code
from ..limits import SlidingWindow
from ..world import SITES
from .sites import USERS

if TYPE_CHECKING:
    from .vendor import ZohoAccounts

__all__ = ["Consent"]

BLOCK_S = 600.0
ASKED = ("response_type", "client_id", "redirect_uri", "scope", "access_type", "state", "prompt")


class Consent:
    """One per data centre. `given` remembers who consented to what, for `prompt`."""

    def __init__(self, accounts: "ZohoAccounts") -> None:
        self._accounts = accounts
        self._world = accounts.world
        self._windows: dict[str, SlidingWindow] = {}
        self._blocked_until: dict[str, float] = {}

    def ask(self, call: Call) -> Reply:
        """GET: the consent page, or straight on for a person who has consented to all of it before."""
        asked = {name: call.arg(name) or "" for name in ASKED}
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        site, scopes = self._accounts.site, _scopes(asked["scope"])
        if asked["prompt"] != "consent" and self._accounts.consents.covers(asked["client_id"], scopes):
            return self._allow(asked, site, first_time=False)
        return html_reply(_page(asked, site))

    def decide(self, call: Call) -> Reply:
        """POST of the page's form. The query may carry what the form's hidden fields carry."""
        form = call.form()
        asked = {name: form.get(name) or call.arg(name) or "" for name in ASKED}
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        if form.get("decision", "allow") != "allow":
            error = str(self._world.switches.get("zoho_accounts.denied_error"))
            return _redirect(asked["redirect_uri"], {"error": error}, asked["state"])
        site = form.get("location") or self._accounts.site
        if site not in SITES:
            return _error_page("invalid_location", "There is no such data centre")
        return self._allow(asked, site, first_time=True)

    def self_client(self, call: Call) -> Reply:
        """The API console's own page: a code made by hand, exchanged without a redirect address."""
        form = call.form()
        app = self._accounts.grants.apps.get(form.get("client_id"))
        if app is None:
            return json_reply({"error": "invalid_client"}, 400)
        scopes = _scopes(form.get("scope"))
        if not scopes:
            return json_reply({"error": "invalid_scope"}, 400)
        longest = int(self._world.switches.get("zoho_accounts.self_client_minutes"))
        minutes = min(longest, max(3, int(form.get("minutes", "3") or 3)))
        code = self._code(app.client_id, "", scopes, minutes * 60.0, self._accounts.site, offline=True)
        return json_reply({"code": code, "expires_in": minutes * 60})

    def _refusal(self, asked: dict[str, str]) -> Reply | None:
        app = self._accounts.grants.apps.get(asked["client_id"])
        if app is None:
            return _error_page("invalid_client", "The client id is unknown here")
        if not self._accounts.grants.redirect_allowed(app, asked["redirect_uri"]):
            return _error_page("invalid_redirect_uri", "The redirect address is not registered")
        if asked["response_type"] != "code":
            return _error_page("response_type_not_supported", "Only response_type=code is supported")
        scopes = _scopes(asked["scope"])
        if not scopes or any(each.count(".") < 1 for each in scopes):
            return _error_page("invalid_scope", "The scope is missing or malformed")
        return None if self._may_make_code(app) else _error_page("too_many_requests", "Try again later", 429)

    def _may_make_code(self, app: App) -> bool:
        now, client_id = self._world.clock.now(), app.client_id
        if self._accounts.limiter.settings.token is None:
            return True
        if now < self._blocked_until.get(client_id, 0.0):
            return False
        cap = int(self._world.switches.get("zoho_accounts.codes_per_minute"))
        if self._made(client_id).at(now) < cap:
            return True
        self._blocked_until[client_id] = now + BLOCK_S
        return False

    def _allow(self, asked: dict[str, str], site: str, *, first_time: bool) -> Reply:
        accounts = self._accounts.at(site)
        scopes, offline = _scopes(asked["scope"]), asked["access_type"] == "offline"
        consented = accounts.consents.covers(asked["client_id"], scopes)
        again = (
            consented
            and asked["prompt"] != "consent"
            and self._world.switches.on("zoho_accounts.refresh_needs_consent")
        )
        lifetime_s = float(self._world.switches.get("zoho_accounts.code_lifetime_s"))
        code = self._code(
            asked["client_id"],
            asked["redirect_uri"],
            scopes,
            lifetime_s,
            site,
            offline=offline and not again,
        )
        if first_time:
            accounts.consents.add(asked["client_id"], scopes)
        self._made(asked["client_id"]).add(self._world.clock.now())
        server = self._world.url(f"zoho.{site}.accounts")
        return _redirect(
            asked["redirect_uri"], {"code": code, "location": site, "accounts-server": server}, asked["state"]
        )

    def _made(self, client_id: str) -> SlidingWindow:
        return self._windows.setdefault(client_id, SlidingWindow(60.0))

    def _code(
        self,
        client_id: str,
        redirect_uri: str,
        scopes: tuple[str, ...],
        life_s: float,
        site: str,
        *,
        offline: bool,
    ) -> str:
        code = self._accounts.new_token()
        self._accounts.at(site).grants.codes[code] = Code(
            client_id,
            redirect_uri,
            scopes,
            self._world.clock.now() + life_s,
            {"offline": offline, "user_id": USERS[site][0].zuid},
        )
        return code


def _scopes(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _redirect(uri: str, values: dict[str, str], state: str) -> Reply:
    if state:
        values = {**values, "state": state}
    joint = "&" if "?" in uri else "?"
    return Reply(302, b"", [("location", f"{uri}{joint}{urlencode(values)}")], "text/html; charset=utf-8")


def _error_page(code: str, text: str, status: int = 400) -> Reply:
    return html_reply(f"<!DOCTYPE html><title>{code}</title><h1>{code}</h1><p>{escape(text)}</p>", status)


def _page(asked: dict[str, str], site: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in asked.items()
    )
    scopes = "".join(f"<li>{escape(each)}</li>" for each in _scopes(asked["scope"]))
    sites = "".join(
        f'<option value="{each}"{" selected" if each == site else ""}>{each}</option>' for each in SITES
    )
    return (
        "<!DOCTYPE html><html><head><title>Zoho Accounts</title></head><body>"
        f"<h1>{escape(asked['client_id'])} would like to access</h1><ul>{scopes}</ul>"
        f'<form method="post" action="/oauth/v2/auth">{hidden}'
        f'<label>Data centre of your account <select name="location">{sites}</select></label>'
        '<button name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button></form></body></html>'
    )
