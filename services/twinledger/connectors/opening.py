"""Connectors: opens the systems of one workspace from what is stored about its connections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson
from pydantic import BaseModel, SecretStr

from twinledger.connectors import registry
from twinledger.connectors.base.access import Auth
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.connectors.base.stored_tokens import StoredTokens
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.http import AsyncClient
from twinledger.state.connections import load_connections, open_application, served_connections
from twinledger.state.sealing import Sealer

__all__ = ["OpenSystems", "Opener", "PlatformSettings", "budget_groups"]


class PlatformSettings(BaseModel):
    """Our application at one platform; empty addresses are the vendor's own.

    Stored sealed with each grant. For grants without one, and for connecting, the environment names it:
    TWINLEDGER_PLATFORMS='{"freshbooks": {"client_id": "...", ...}, "zoho": {...}}'
    """

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    redirect_uri: str = ""
    auth_url: str = ""
    api_url: str = ""
    sandbox_origins: tuple[str, ...] = ()

    def to_text(self) -> str:
        """With its secret: only to be sealed."""
        plain = self.model_dump() | {"client_secret": self.client_secret.get_secret_value()}
        return orjson.dumps(plain).decode()

    def oauth_client(self, environment: str) -> OAuthClient:
        """As the OAuth handshake takes it."""
        return OAuthClient(
            self.client_id,
            self.client_secret.get_secret_value(),
            self.redirect_uri,
            self.auth_url,
            self.api_url,
            environment,
            self.sandbox_origins,
        )


def budget_groups() -> dict[str, str]:
    """System -> the budget group its calls belong to."""
    return {system: info.budget_group for system, info in registry.infos().items()}


@dataclass(frozen=True, slots=True)
class OpenSystems:
    """Connectors of a workspace, by system, with self-renewing tokens by platform."""

    connectors: Mapping[str, Connector]
    tokens: Mapping[str, StoredTokens]
    absent: frozenset[str] = frozenset()
    """Systems that the workspace has not connected, paused or not."""

    async def aclose(self) -> None:
        """Let running token refreshes end: a lost answer costs a reconnect."""
        for tokens in self.tokens.values():
            await tokens.aclose()


@dataclass(frozen=True, slots=True)
class Opener:
    """Builds connectors with stored, self-renewing tokens; `systems` are those that anything is done with,
    `call_timeout_s` bounds each call as a whole."""

    pool: Pool
    platforms: Mapping[str, PlatformSettings]
    environment: str
    http: AsyncClient
    clock: Clock
    sealer: Sealer
    systems: Collection[str]
    call_timeout_s: float = 30

    async def served(self, workspace: str) -> OpenSystems:
        """The systems whose connections can be worked over now."""
        async with transaction(self.pool) as connection:
            served = (await served_connections(connection)).get(workspace, {})
        return await self.open(workspace, {name for name, usable in served.items() if usable})

    async def open(self, workspace: str, platforms: Collection[str]) -> OpenSystems:
        """The systems of these platforms, connected before."""
        async with transaction(self.pool) as connection:
            stored = {one.platform: one for one in await load_connections(connection, workspace)}
        settings = {one: await self.application(workspace, one) for one in platforms}
        tokens = {one: self.tokens(workspace, one, settings[one]) for one in platforms}
        absent = registry.absent(system for one in stored.values() for system in one.systems)
        opened = {}
        for system, info in registry.infos().items():
            if info.platform in platforms and system in self.systems and system not in absent:
                connection_info = Connection(
                    workspace,
                    stored[info.platform].account,
                    tokens[info.platform],
                    api_url=settings[info.platform].api_url,
                    timeout_s=self.call_timeout_s,
                )
                opened[system] = registry.build(system, connection_info, http=self.http, clock=self.clock)
        return OpenSystems(opened, tokens, absent)

    async def application(self, workspace: str, platform: str) -> PlatformSettings:
        """The one stored with the grant, else the setting's."""
        async with transaction(self.pool) as connection:
            stored = await open_application(connection, self.sealer, workspace, platform)
        if stored is not None:
            return PlatformSettings.model_validate_json(stored)
        return self.platforms.get(platform, PlatformSettings())

    def auth(self, platform: str, application: PlatformSettings) -> Auth:
        """The handshake of one platform."""
        client = application.oauth_client(self.environment)
        return registry.auth(platform, client, http=self.http, clock=self.clock)

    def tokens(self, workspace: str, platform: str, application: PlatformSettings) -> StoredTokens:
        """Tokens of the stored grant."""
        auth = self.auth(platform, application)
        return StoredTokens(self.pool, workspace, platform, auth, self.clock, self.sealer)
