"""Connectors: opens all systems of one workspace from what is stored about its connections.

A stage that starts before anybody connected waits here and says so; it needs no restart afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from pydantic import BaseModel, SecretStr

from twinledger.connectors import registry
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.connectors.base.stored_tokens import StoredTokens
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.http import AsyncClient
from twinledger.state.connections import load_connections
from twinledger.state.sealing import Sealer

__all__ = ["Opener", "PlatformSettings", "budget_groups", "oauth_client"]

LOOK_EVERY_S = 0.5

log = structlog.get_logger()


class PlatformSettings(BaseModel):
    """Our application at one platform; empty addresses are the vendor's own.

    Environment: TWINLEDGER_PLATFORMS='{"freshbooks": {"client_id": "...", ...}, "zoho": {...}}'
    """

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    redirect_uri: str = ""
    auth_url: str = ""
    api_url: str = ""
    sandbox_origins: tuple[str, ...] = ()


def oauth_client(platform: PlatformSettings, environment: str) -> OAuthClient:
    """The settings as the OAuth handshake takes them."""
    return OAuthClient(
        platform.client_id,
        platform.client_secret.get_secret_value(),
        platform.redirect_uri,
        platform.auth_url,
        platform.api_url,
        environment,
        platform.sandbox_origins,
    )


def budget_groups() -> dict[str, str]:
    """System -> the budget group its calls belong to."""
    return {system: info.budget_group for system, info in registry.infos().items()}


@dataclass(frozen=True, slots=True)
class Opener:
    """Builds connectors with stored, self-renewing tokens."""

    pool: Pool
    platforms: Mapping[str, PlatformSettings]
    environment: str
    http: AsyncClient
    clock: Clock
    sealer: Sealer
    _opened: list[StoredTokens] = field(default_factory=list)

    async def aclose(self) -> None:
        """Let running token refreshes end: a lost answer costs a reconnect."""
        for tokens in self._opened:
            await tokens.aclose()

    async def open(self, workspace: str) -> dict[str, Connector]:
        """Every system of the workspace, once all its platforms are connected."""
        tokens: dict[str, StoredTokens] = {}
        accounts = await self._connected(workspace)
        opened = {}
        for system, info in registry.infos().items():
            if info.platform not in tokens:
                tokens[info.platform] = self._tokens(workspace, info.platform)
            platform = self.platforms.get(info.platform, PlatformSettings())
            connection = Connection(
                workspace, accounts[info.platform], tokens[info.platform], api_url=platform.api_url
            )
            opened[system] = registry.build(system, connection, http=self.http, clock=self.clock)
        return opened

    async def _connected(self, workspace: str) -> dict[str, Mapping[str, str]]:
        wanted = {info.platform for info in registry.infos().values()}
        told = False
        while True:
            async with self.pool.acquire() as connection:
                stored = await load_connections(connection, workspace)
            accounts = {one.platform: one.account for one in stored}
            if wanted <= accounts.keys():
                return accounts
            if not told:
                told = True
                log.info(
                    "waiting_for_connection", workspace=workspace, missing=sorted(wanted - accounts.keys())
                )
            await self.clock.sleep(LOOK_EVERY_S)

    def _tokens(self, workspace: str, platform: str) -> StoredTokens:
        settings = self.platforms.get(platform, PlatformSettings())
        auth = registry.auth(
            platform, oauth_client(settings, self.environment), http=self.http, clock=self.clock
        )
        tokens = StoredTokens(self.pool, workspace, platform, auth, self.clock, self.sealer)
        self._opened.append(tokens)
        return tokens
