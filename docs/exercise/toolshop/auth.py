"""Tool Shop: OAuth 2.0 as the book says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from twinledger.connectors.toolshop.answers import ToolshopDialect

from twinledger.connectors.base.access import AccessToken, Auth, Grant
from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.oauth import OAuthClient, TokenAnswer, post_token
from twinledger.connectors.base.outcomes import by_status
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient

__all__ = ["URL", "ToolshopAuth", "build_auth"]

URL = "https://toolshop.example"


class ToolshopAuth:
    """The handshake; another address is a sandbox's, and taken only where the environment allows it."""

    platform = "toolshop"
    accounts_group = "toolshop"

    def __init__(self, client: OAuthClient, http: AsyncClient, clock: Clock) -> None:
        self._client, self._http, self._clock = client, http, clock
        listed = client.environment != "production" and client.api_url in client.sandbox_origins
        self._url = client.api_url if listed else URL

    def authorize_url(self, *, scopes: Sequence[str], state: str, challenge: str = "") -> str:
        query = {
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
            "code_challenge": challenge,
        }
        return f"{self._url}/authorize?{urlencode(query)}"

    async def exchange(self, code: str, *, accounts_server: str | None = None, verifier: str = "") -> Grant:
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        return await self._token(form)

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant:
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def accounts(self, access: AccessToken) -> Sequence[Mapping[str, str]]:
        headers = {"Authorization": f"Bearer {access.value}"}
        try:
            response = await self._http.get(f"{self._url}/shop", headers=headers)
        except TRANSPORT_ERRORS as exc:
            raise TransientError(f"shop: {type(exc).__name__}", error_class="network") from exc
        shop = ToolshopDialect().parse(Answer(response.status_code, response.headers, response.content))
        return [{"account_id": str(shop["id"]), "name": str(shop["name"])}]

    async def _token(self, form: Mapping[str, str]) -> Grant:
        ours = {"client_id": self._client.client_id, "client_secret": self._client.client_secret}
        status, answer = await post_token(self._http, f"{self._url}/token", {**ours, **form})
        if not isinstance(answer, TokenAnswer):
            if answer.get("error") == "invalid_grant":
                raise PermanentError("grant refused", error_class="grant_revoked", status=status)
            raise by_status(status, None)
        access = AccessToken(answer.access_token, answer.expires_at(self._clock.now()))
        return Grant(access, answer.refresh_token, tuple(answer.scope.split()))


def build_auth(client: OAuthClient, http: AsyncClient, clock: Clock) -> Auth:
    """Entry point of `connectors.registry`."""
    return ToolshopAuth(client, http, clock)
