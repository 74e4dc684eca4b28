"""FreshBooks OAuth tokens: code, rotating single-use refresh tokens, revoke, introspect. Sheet 2."""

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import orjson

from ..call import BadJson, Call, Refused, Reply, json_reply
from ..grants import App, Code, Grant
from ..plugin import Route

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["OAuth", "all_scopes"]

ACCESS_LIFE_S = 43_200
READ_ONLY_SCOPES = {"profile", "notifications", "reports"}
SCOPE_OBJECTS = (
    "bill_payments",
    "bill_vendors",
    "billable_items",
    "bills",
    "business",
    "clients",
    "credit_notes",
    "estimates",
    "expenses",
    "invoices",
    "journal_entries",
    "notifications",
    "online_payments",
    "other_income",
    "payments",
    "profile",
    "projects",
    "reports",
    "retainers",
    "taxes",
    "teams",
    "time_entries",
    "uploads",
    "account",
)
INVALID_GRANT = "The provided authorization grant is invalid, expired or revoked."


def all_scopes() -> tuple[str, ...]:
    reads = [f"user:{name}:read" for name in SCOPE_OBJECTS]
    return tuple(reads + [f"user:{name}:write" for name in SCOPE_OBJECTS if name not in READ_ONLY_SCOPES])


class OAuth:
    def __init__(self, vendor: "FreshBooks") -> None:
        self._vendor = vendor
        self._world = vendor.world
        self._grants = vendor.grants

    def routes(self) -> list[Route]:
        routes = []
        for host, base in (("freshbooks.api", "/auth/oauth"), ("freshbooks.auth", "/service/auth/oauth")):
            for name, handler in (
                ("token", self.token),
                ("revoke", self.revoke),
                ("introspect", self.introspect),
            ):
                path = f"{base}/{name}"
                routes.append(
                    Route("POST", path, handler, host, name, "2", public=True, limited=False, secrets=True)
                )
        path = "/.well-known/oauth-authorization-server"
        return [*routes, Route("GET", path, self.metadata, "freshbooks.auth", "metadata", "1", public=True)]

    def metadata(self, call: Call) -> Reply:
        base = self._world.url("freshbooks.auth")
        document: dict[str, Any] = {
            "issuer": base,
            "scopes_supported": list(all_scopes()),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
        for name, path in _ENDPOINTS.items():
            document[f"{name}_endpoint"] = f"{base}/service/auth/oauth/{path}"
        return json_reply(document)

    # -- tokens

    def token(self, call: Call) -> Reply:
        given = self._form(call)
        app = self._client(call, given)
        if given.get("grant_type") == "authorization_code":
            return self._from_code(app, given)
        if given.get("grant_type") == "refresh_token":
            return self._from_refresh(app, given)
        return _oauth_error("unsupported_grant_type", "The authorization grant type is not supported.")

    def _from_code(self, app: App, given: dict[str, str]) -> Reply:
        code = self._grants.codes.get(given.get("code", ""))
        if code is None or code.client_id != app.client_id or code.expires_at <= self._world.clock.now():
            return _oauth_error("invalid_grant", INVALID_GRANT)
        if given.get("redirect_uri") != code.redirect_uri or not self._pkce_holds(code, given):
            return _oauth_error("invalid_grant", INVALID_GRANT)
        del self._grants.codes[given["code"]]
        return self._issue(self.open_grant(app, code.scopes), self._world.clock.now(), ACCESS_LIFE_S)

    def _pkce_holds(self, code: Code, given: dict[str, str]) -> bool:
        challenge = code.data.get("code_challenge")
        if not challenge or not self._world.switches.on("freshbooks.pkce_checked"):
            return True
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())

    def _from_refresh(self, app: App, given: dict[str, str]) -> Reply:
        if self._world.switches.on("freshbooks.refresh_needs_redirect_uri") and not given.get("redirect_uri"):
            return _oauth_error("invalid_request", "The request is missing a required parameter.")
        grant = self._grants.refresh(given.get("refresh_token", ""))
        if grant is None or grant.client_id != app.client_id:
            return _oauth_error("invalid_grant", INVALID_GRANT)
        if self._world.switches.on("freshbooks.refresh_kills_access_token"):
            for token in self._grants.access_tokens(grant):
                self._grants.revoke_access(token)
        self._grants.rotate(grant, self._world.random.token("freshbooks.refresh", 64))
        return self._issue(grant, *self._life_after_refresh(grant))

    def _life_after_refresh(self, grant: Grant) -> tuple[float, int]:
        """When the token counts as created, and for how long it lives from then on."""
        now, kept_s = self._world.clock.now(), ACCESS_LIFE_S - 1
        if not self._world.switches.on("freshbooks.refresh_keeps_created_at"):
            return now, ACCESS_LIFE_S
        if grant.created_at + kept_s <= now:
            grant.created_at = now
        return grant.created_at, kept_s

    def open_grant(self, app: App, scopes: tuple[str, ...]) -> Grant:
        grant_id = f"g{self._world.counters.next('freshbooks.grant')}"
        refresh = self._world.random.token("freshbooks.refresh", 64)
        user = str(self._vendor.identity_id)
        return self._grants.open(
            Grant(grant_id, app.client_id, user, scopes, refresh, self._world.clock.now())
        )

    def _issue(self, grant: Grant, created_at: float, life_s: int) -> Reply:
        now = self._world.clock.now()
        token = self._jwt(grant, now)
        self._grants.issue_access(grant, token, created_at + life_s - now)
        return json_reply(
            {
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": life_s,
                "refresh_token": grant.refresh_token,
                "scope": " ".join(grant.scopes),
                "created_at": int(created_at),
                "direct_buy_tokens": {},
            },
            headers=[("Cache-Control", "no-store")],
        )

    def _jwt(self, grant: Grant, now: float) -> str:
        """Looks like theirs: three parts, about a thousand characters. Nobody may read meaning into it."""
        head = _b64(orjson.dumps({"alg": "RS256", "typ": "JWT"}))
        body = _b64(
            orjson.dumps(
                {
                    "identity_id": self._vendor.identity_id,
                    "iat": int(now),
                    "jti": self._world.random.uuid("freshbooks.access"),
                    "pad": self._world.random.token("freshbooks.access", 300),
                }
            )
        )
        return f"{head}.{body}.{_b64(bytes.fromhex(self._world.random.token('freshbooks.access', 512)))}"

    def revoke(self, call: Call) -> Reply:
        given = self._form(call)
        self._client(call, given)
        token = given.get("token", "")
        grant = self._grants.refresh(token)
        if grant is not None:
            self._grants.revoke(grant)
        self._grants.revoke_access(token)
        return json_reply({})

    def introspect(self, call: Call) -> Reply:
        given = self._form(call)
        self._client(call, given)
        grant = self._grants.access(given.get("token", ""))
        if grant is None:
            return json_reply({"active": False})
        return json_reply({"active": True, "scope": " ".join(grant.scopes), "client_id": grant.client_id})

    def _client(self, call: Call, given: dict[str, str]) -> App:
        client_id, secret = given.get("client_id", ""), given.get("client_secret", "")
        scheme, _, credentials = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(credentials).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                secret = ""
        app = self._grants.apps.get(client_id)
        if app is None or not hmac.compare_digest(app.client_secret.encode(), secret.encode()):
            text = "Client authentication failed due to unknown client, no client authentication included."
            raise Refused(_oauth_error("invalid_client", text, 401))
        return app

    def _form(self, call: Call) -> dict[str, str]:
        """Form, JSON and multipart are all taken."""
        if "json" not in call.headers.get("content-type", ""):
            return dict(call.form().pairs)
        try:
            given = call.json()
        except BadJson:
            given = {}
        return {key: str(value) for key, value in given.items()} if isinstance(given, dict) else {}


_ENDPOINTS = {
    "authorization": "authorize",
    "token": "token",
    "revocation": "revoke",
    "introspection": "introspect",
}


def _oauth_error(name: str, text: str, status: int = 400) -> Reply:
    return json_reply({"error": name, "error_description": text}, status)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
