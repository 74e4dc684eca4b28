"""Sandbox: OAuth grants and tokens. Storage and expiry only; each vendor's OAuth routes hold its own rules.

All products of one Zoho data centre share one book.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from .clock import Clock
from .limits import SlidingWindow

__all__ = ["App", "Code", "Grant", "GrantBook"]

TOKEN_WINDOW_S = 600.0


@dataclass(frozen=True, slots=True)
class App:
    """A registered client. Loopback redirect addresses are always taken as registered."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(slots=True)
class Grant:
    """One consent of one person to one app. `refresh_token` is the only one that works now."""

    id: str
    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    refresh_token: str | None
    created_at: float
    revoked: bool = False
    issued: SlidingWindow = field(default_factory=lambda: SlidingWindow(TOKEN_WINDOW_S))


@dataclass(slots=True)
class Code:
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    expires_at: float
    data: dict[str, Any] = field(default_factory=dict)


class GrantBook:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.apps: dict[str, App] = {}
        self.codes: dict[str, Code] = {}
        self.grants: dict[str, Grant] = {}
        self._access: dict[str, tuple[str, float]] = {}  # token -> grant id, expiry
        self._refresh: dict[str, str] = {}  # token -> grant id, the living one of each grant only

    def open(self, grant: Grant) -> Grant:
        self.grants[grant.id] = grant
        if grant.refresh_token is not None:
            self._refresh[grant.refresh_token] = grant.id
        return grant

    def rotate(self, grant: Grant, refresh_token: str) -> None:
        """The old refresh token is dead from here on."""
        if grant.refresh_token is not None:
            self._refresh.pop(grant.refresh_token, None)
        grant.refresh_token = refresh_token
        self._refresh[refresh_token] = grant.id

    def issue_access(self, grant: Grant, token: str, lifetime_s: float) -> None:
        self._access[token] = (grant.id, self._clock.now() + lifetime_s)

    def access(self, token: str) -> Grant | None:
        """The grant behind a living access token."""
        held = self._access.get(token)
        if held is None:
            return None
        grant = self.grants.get(held[0])
        if grant is None or grant.revoked or held[1] <= self._clock.now():
            del self._access[token]
            return None
        return grant

    def refresh(self, token: str) -> Grant | None:
        grant = self.grants.get(self._refresh.get(token, ""))
        return None if grant is None or grant.revoked else grant

    def access_tokens(self, grant: Grant) -> list[str]:
        """Living access tokens of a grant, oldest first."""
        now = self._clock.now()
        return [token for token, (owner, until) in self._access.items() if owner == grant.id and until > now]

    def revoke_access(self, token: str) -> bool:
        return self._access.pop(token, None) is not None

    def revoke(self, grant: Grant) -> None:
        """Ends the grant: refresh and access tokens die at once."""
        grant.revoked = True
        if grant.refresh_token is not None:
            self._refresh.pop(grant.refresh_token, None)
        self._access = {token: held for token, held in self._access.items() if held[0] != grant.id}

    def redirect_allowed(self, app: App, uri: str) -> bool:
        return uri in app.redirect_uris or uri.startswith(
            ("http://127.0.0.1", "http://localhost", "http://[::1]")
        )

    def dump(self) -> Any:
        return {
            "apps": [asdict(app) for app in self.apps.values()],
            "codes": {code: asdict(held) for code, held in self.codes.items()},
            "grants": [_grant_row(grant) for grant in self.grants.values()],
            "access": self._access,
        }

    def load(self, state: Any) -> None:
        self.apps = {row["client_id"]: _app(row) for row in state["apps"]}
        self.codes = {
            key: Code(**{**row, "scopes": tuple(row["scopes"])}) for key, row in state["codes"].items()
        }
        self.grants, self._refresh = {}, {}
        for row in state["grants"]:
            window = SlidingWindow(TOKEN_WINDOW_S)
            window.load(row.pop("issued"))
            self.open(Grant(**{**row, "scopes": tuple(row["scopes"])}, issued=window))
        self._access = {token: (held[0], held[1]) for token, held in state["access"].items()}


def _app(row: dict[str, Any]) -> App:
    return App(row["client_id"], row["client_secret"], tuple(row["redirect_uris"]), tuple(row["scopes"]))


def _grant_row(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "client_id": grant.client_id,
        "user_id": grant.user_id,
        "scopes": list(grant.scopes),
        "refresh_token": None if grant.revoked else grant.refresh_token,
        "created_at": grant.created_at,
        "revoked": grant.revoked,
        "issued": grant.issued.dump(),
    }
