"""Connectors: access to a vendor: the OAuth handshake, bearer tokens, and the permit for each call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

__all__ = ["AccessToken", "Auth", "CallPermit", "Grant", "TokenSource"]


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer secret with its end; `api_domain` is Zoho's answer, empty elsewhere."""

    value: str = field(repr=False)
    expires_at: datetime
    api_domain: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token endpoint answered: the pair to store before its first use."""

    access: AccessToken
    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    accounts_server: str = ""
    """Zoho: the server that issued the grant and alone renews it; keep it with the connection."""


class Auth(Protocol):
    """OAuth 2.0 of one platform (`freshbooks` or `zoho`)."""

    platform: str
    accounts_group: str
    """The budget group that `accounts` counts in."""

    def authorize_url(self, *, scopes: Sequence[str], state: str, challenge: str = "") -> str:
        """Address of the consent page; the challenge (PKCE, S256) goes where the vendor takes it."""
        ...

    async def exchange(self, code: str, *, accounts_server: str | None = None, verifier: str = "") -> Grant:
        """Authorization code -> grant. PermanentError(grant_revoked) when refused."""
        ...

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant:
        """Refresh token -> new grant (FreshBooks: single use, a new refresh token inside)."""
        ...

    async def accounts(self, access: AccessToken) -> Sequence[Mapping[str, str]]:
        """The vendor accounts this grant opens: `name` and the ids a connection needs
        (`account_id`, `business_id` or `organization_id`); asked once, while connecting."""
        ...


class TokenSource(Protocol):
    """Where a client gets its bearer token; implemented over the `connection` table."""

    async def token(self) -> AccessToken: ...

    async def renewed(self, refused: AccessToken) -> AccessToken:
        """A newer token than the one a 401 refused; raises when the grant is gone."""
        ...


class CallPermit(Protocol):
    """Asked before every HTTP request that is not already paid for. No grant, no call.

    `acquire` waits until the budget grants one call; `answered` gives the in-flight slot back and
    tells what the vendor said about its limits.
    """

    async def acquire(self, *, cost: int = 1) -> str: ...

    async def answered(
        self, permit_id: str, *, rate_limited: bool = False, retry_after_s: float | None = None
    ) -> None: ...
