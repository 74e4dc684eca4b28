"""Zoho platform: OAuth 2.0, one grant for all Zoho products; errors come with status 200."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from twinledger.connectors.base.access import AccessToken, Auth, Grant
from twinledger.connectors.base.client import Answer
from twinledger.connectors.base.oauth import OAuthClient, TokenAnswer, post_token
from twinledger.connectors.base.outcomes import by_status
from twinledger.connectors.base.wire import unreadable
from twinledger.connectors.zoho_platform.finance import FinanceDialect
from twinledger.connectors.zoho_platform.hosts import DEFAULT_ACCOUNTS, Hosts, load_data_centres
from twinledger.connectors.zoho_platform.models import Organizations
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import PermanentError, TransientError, TwinledgerError
from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient

__all__ = ["ZohoAuth", "build_auth"]

_REVOKED = frozenset({"invalid_code", "invalid_client", "invalid_client_secret", "invalid_redirect_uri"})
_THROTTLED_S = 1800.0
"""Token calls in a throttled window prolong it, so we stay away for the longest reported span."""


class ZohoAuth:
    """The handshake of one data centre; `accounts_server` of the redirect selects another."""

    platform = "zoho"
    accounts_group = "zoho_finance"

    def __init__(self, client: OAuthClient, http: AsyncClient, clock: Clock) -> None:
        self._client = client
        self._http = http
        self._clock = clock
        self._hosts = Hosts(
            load_data_centres(),
            environment=client.environment,
            sandbox_origins=client.sandbox_origins,
        )
        self._accounts = self._hosts.accounts_server(client.auth_url or DEFAULT_ACCOUNTS)

    def authorize_url(self, *, scopes: Sequence[str], state: str, challenge: str = "") -> str:
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": ",".join(scopes),
            "access_type": "offline",
            "prompt": "consent",  # without it a second consent brings no refresh token
            "state": state,
        }
        return f"{self._accounts}/oauth/v2/auth?{urlencode(query)}"

    async def exchange(self, code: str, *, accounts_server: str | None = None, verifier: str = "") -> Grant:
        """Server-based applications have no PKCE."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
        }
        return await self._token(form, accounts_server, refresh_token="")

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._token(form, accounts_server, refresh_token=refresh_token)

    async def accounts(self, access: AccessToken) -> Sequence[Mapping[str, str]]:
        headers = {"Authorization": f"Zoho-oauthtoken {access.value}"}
        url = f"{access.api_domain}/books/v3/organizations"
        try:
            response = await self._http.get(url, headers=headers)
        except TRANSPORT_ERRORS as exc:
            raise TransientError(f"organizations: {type(exc).__name__}", error_class="network") from exc
        FinanceDialect().parse(Answer(response.status_code, response.headers, response.content))
        try:
            return Organizations.model_validate_json(response.content).accounts()
        except ValueError as exc:
            raise unreadable(response.content, response.headers) from exc

    async def _token(
        self, form: Mapping[str, str], accounts_server: str | None, *, refresh_token: str
    ) -> Grant:
        server = self._hosts.accounts_server(accounts_server or self._accounts)
        ours = {"client_id": self._client.client_id, "client_secret": self._client.client_secret}
        status, answer = await post_token(self._http, f"{server}/oauth/v2/token", {**ours, **form})
        if not isinstance(answer, TokenAnswer):
            raise _refusal(status, answer)
        return Grant(
            access=AccessToken(
                answer.access_token,
                answer.expires_at(self._clock.now()),
                self._hosts.api_domain(answer.api_domain, server),
            ),
            refresh_token=answer.refresh_token or refresh_token,
            scopes=tuple(answer.scope.replace(",", " ").split()),
            accounts_server=server,
        )


def build_auth(client: OAuthClient, http: AsyncClient, clock: Clock) -> Auth:
    """Entry point of `connectors.registry`."""
    return ZohoAuth(client, http, clock)


def _refusal(status: int, answer: Mapping[str, object]) -> TwinledgerError:
    code = str(answer.get("error"))
    if answer.get("status") == "failure":  # the throttle; its texts are localised
        return TransientError("token calls throttled", error_class="rate_limited", retry_after_s=_THROTTLED_S)
    if code in _REVOKED:
        return PermanentError("grant refused", error_class="grant_revoked", status=status, code=code)
    if status == 200:
        return PermanentError("token call refused", error_class="unlisted", status=status, code=code)
    return by_status(status, None, code)
