"""Sandbox, Zoho accounts: the token endpoint. Most refusals are HTTP 200 with an `error` in the body.

Clients send the parameters in the query, as a form or as multipart; all three are read.
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from ..grants import App, Grant
from ..limits import SlidingWindow
from .sites import ORGANIZATIONS, USERS

if TYPE_CHECKING:
    from .vendor import ZohoAccounts

__all__ = ["Exchange"]

ACCESS_LIFE_S = 3600
THROTTLE = {
    "en": (
        "You have made too many requests continuously. Please try again after some time.",
        "Access Denied",
    ),
    "zh": ("您已连续发出过多请求。请稍后再试。", "访问被拒绝"),
}


class Exchange:
    def __init__(self, accounts: "ZohoAccounts") -> None:
        self._accounts = accounts
        self._world = accounts.world
        self._made: dict[str, SlidingWindow] = {}  # refresh tokens per user, this minute

    def token(self, call: Call) -> Reply:
        grant_type = _given(call, "grant_type")
        handlers = {
            "authorization_code": self._from_code,
            "refresh_token": self._refresh,
            "client_credentials": self._client_credentials,
        }
        handler = handlers.get(grant_type)
        if handler is None:
            error = "unsupported_grant_type" if grant_type else "general_error"
            return _error(error, self._status("malformed_status"))
        app = self._accounts.grants.apps.get(_given(call, "client_id"))
        if app is None:
            return _error("invalid_client")
        if _given(call, "client_secret") != app.client_secret:
            return _error("invalid_client_secret")
        return handler(call, app)

    def _from_code(self, call: Call, app: App) -> Reply:
        text = _given(call, "code")
        code = self._accounts.grants.codes.get(text)
        if code is None or code.client_id != app.client_id or code.expires_at <= self._world.clock.now():
            return _error("invalid_code")
        if code.redirect_uri and _given(call, "redirect_uri") != code.redirect_uri:
            return _error("invalid_redirect_uri", self._status("redirect_error_status"))
        del self._accounts.grants.codes[text]
        offline, user_id = bool(code.data["offline"]), str(code.data["user_id"])
        if offline and (self._too_fast(user_id) or not self._make_room(app, user_id)):
            return self._throttled()
        grant = self._accounts.open_grant(app.client_id, user_id, code.scopes, offline=offline)
        answer = self._issue(grant)
        if grant.refresh_token is not None:
            answer["refresh_token"] = grant.refresh_token
        return json_reply(answer)

    def _refresh(self, call: Call, app: App) -> Reply:
        grant = self._accounts.grants.refresh(_given(call, "refresh_token"))
        if grant is None or grant.client_id != app.client_id:
            return _error("invalid_code")
        cap = self._accounts.limiter.settings.token
        if cap is not None and grant.issued.at(self._world.clock.now()) >= cap:
            return self._throttled()
        return json_reply(self._issue(grant))

    def _client_credentials(self, call: Call, app: App) -> Reply:
        scopes = tuple(_given(call, "scope").replace(",", " ").split())
        if not scopes:
            return _error("invalid_scope")
        zgid = ORGANIZATIONS[self._accounts.site].zgid
        optional = self._world.switches.on("zoho_accounts.soid_optional")
        if not optional and _given(call, "soid").partition(".")[2] != zgid:
            return _error("invalid_soid")
        user_id = USERS[self._accounts.site][0].zuid
        grant = self._accounts.open_grant(app.client_id, user_id, scopes, offline=False)
        return json_reply(self._issue(grant))

    def _issue(self, grant: Grant) -> dict[str, Any]:
        grants, switches = self._accounts.grants, self._world.switches
        token = self._accounts.new_token()
        grants.issue_access(grant, token, ACCESS_LIFE_S)
        grant.issued.add(self._world.clock.now())
        for old in grants.access_tokens(grant)[: -int(switches.get("zoho_accounts.active_access_tokens"))]:
            grants.revoke_access(old)
        answer: dict[str, Any] = {"access_token": token}
        if switches.on("zoho_accounts.scope_in_answer"):
            answer["scope"] = " ".join(grant.scopes)
        answer |= {"api_domain": self._world.url(f"zoho.{self._accounts.site}.api"), "token_type": "Bearer"}
        if switches.on("zoho_accounts.expires_in_ms"):
            return answer | {"expires_in": ACCESS_LIFE_S * 1000, "expires_in_sec": ACCESS_LIFE_S}
        return answer | {"expires_in": ACCESS_LIFE_S}

    def _too_fast(self, user_id: str) -> bool:
        if self._accounts.limiter.settings.token is None:
            return False
        now = self._world.clock.now()
        window = self._made.setdefault(user_id, SlidingWindow(60.0))
        if window.at(now) >= int(self._world.switches.get("zoho_accounts.refresh_tokens_per_minute")):
            return True
        window.add(now)
        return False

    def _make_room(self, app: App, user_id: str) -> bool:
        """False where a refresh token too many is denied instead of the oldest evicted."""
        switches, grants = self._world.switches, self._accounts.grants
        per_client = switches.on("zoho_accounts.refresh_tokens_per_client")
        living = [
            each
            for each in grants.grants.values()
            if each.refresh_token is not None
            and not each.revoked
            and each.user_id == user_id
            and (not per_client or each.client_id == app.client_id)
        ]
        room = int(switches.get("zoho_accounts.refresh_tokens_per_user")) - len(living)
        if room > 0:
            return True
        if switches.get("zoho_accounts.refresh_token_overflow") == "deny":
            return False
        for oldest in living[: 1 - room]:
            grants.revoke(oldest)
        return True

    def revoke(self, call: Call) -> Reply:
        return self._end(_given(call, "token"))

    def revoke_basic(self, call: Call) -> Reply:
        """The newer page's form: client credentials in a Basic header."""
        scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return _error("invalid_client", 400)
        app = self._accounts.grants.apps.get(client_id)
        if scheme.lower() != "basic" or app is None or app.client_secret != secret:
            return _error("invalid_client", 400)
        return self._end(_given(call, "token"))

    def _end(self, token: str) -> Reply:
        grants = self._accounts.grants
        grant = grants.refresh(token)
        if grant is not None:
            grants.revoke(grant)
        elif grants.access(token) is None or not grants.revoke_access(token):
            return _error("invalid_code", 400)
        return json_reply({"status": "success"})

    def _throttled(self) -> Reply:
        text, error = THROTTLE[str(self._world.switches.get("zoho_accounts.throttle_language"))]
        body = {"error_description": text, "error": error, "status": "failure"}
        return json_reply(body, self._status("throttle_status"))

    def _status(self, fact: str) -> int:
        return int(self._world.switches.get(f"zoho_accounts.{fact}"))


def _given(call: Call, name: str) -> str:
    return call.arg(name) or (call.form().get(name) if call.body else "") or ""


def _error(error: str, status: int = 200) -> Reply:
    return json_reply({"error": error}, status)
