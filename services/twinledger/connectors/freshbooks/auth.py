"""FreshBooks: OAuth 2.0 with rotating, single-use refresh tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from twinledger.connectors.base.access import AccessToken, Auth, Grant
from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.oauth import OAuthClient, TokenAnswer, post_token
from twinledger.connectors.base.outcomes import by_status
from twinledger.connectors.base.wire import unreadable
from twinledger.connectors.freshbooks.answers import FreshBooksDialect
from twinledger.connectors.freshbooks.models import Me
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import FatalError, PermanentError, TransientError, TwinledgerError
from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient

__all__ = ["API_URL", "FreshBooksAuth", "build_auth"]

API_URL = "https://api.freshbooks.com"
_AUTH_URL = "https://auth.freshbooks.com"
_REVOKED = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})


class FreshBooksAuth:
    """The handshake; the addresses are fixed in production."""

    platform = "freshbooks"
    accounts_group = "freshbooks"

    def __init__(self, client: OAuthClient, http: AsyncClient, clock: Clock) -> None:
        self._client = client
        self._http = http
        self._clock = clock
        self._auth_url = _allowed(client, client.auth_url or _AUTH_URL, _AUTH_URL)
        self._api_url = _allowed(client, client.api_url or API_URL, API_URL)

    def authorize_url(self, *, scopes: Sequence[str], state: str, challenge: str = "") -> str:
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
        }
        if challenge:
            query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
        return f"{self._auth_url}/oauth/authorize/?{urlencode(query)}"

    async def exchange(self, code: str, *, accounts_server: str | None = None, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code}
        return await self._token(form | ({"code_verifier": verifier} if verifier else {}))

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant:
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def accounts(self, access: AccessToken) -> Sequence[Mapping[str, str]]:
        headers = {"Authorization": f"Bearer {access.value}"}
        try:
            response = await self._http.get(f"{self._api_url}/auth/api/v1/users/me", headers=headers)
        except TRANSPORT_ERRORS as exc:
            raise TransientError(f"users/me: {type(exc).__name__}", error_class="network") from exc
        FreshBooksDialect().parse(Answer(response.status_code, response.headers, response.content))
        try:
            return Me.model_validate_json(response.content).accounts()
        except ValueError as exc:
            raise unreadable(response.content, response.headers) from exc

    async def _token(self, form: Mapping[str, str]) -> Grant:
        ours = {
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret,
            "redirect_uri": self._client.redirect_uri,
        }
        status, answer = await post_token(self._http, f"{self._api_url}/auth/oauth/token", {**ours, **form})
        if not isinstance(answer, TokenAnswer):
            raise _refusal(status, str(answer.get("error")))
        return Grant(
            access=AccessToken(answer.access_token, answer.expires_at(self._clock.now())),
            refresh_token=answer.refresh_token,
            scopes=tuple(answer.scope.split()),
        )


def build_auth(client: OAuthClient, http: AsyncClient, clock: Clock) -> Auth:
    """Entry point of `connectors.registry`."""
    return FreshBooksAuth(client, http, clock)


def _allowed(client: OAuthClient, url: str, official: str) -> str:
    if url == official or (client.environment != "production" and url in client.sandbox_origins):
        return url
    raise FatalError(f"{url} is not an address of FreshBooks: set {official} or leave it empty")


def _refusal(status: int, code: str) -> TwinledgerError:
    if code in _REVOKED:
        return PermanentError("grant refused", error_class="grant_revoked", status=status, code=code)
    return by_status(status, None, code)
