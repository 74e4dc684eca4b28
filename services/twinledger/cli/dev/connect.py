"""Dev: connects the workspace to the simulated vendors by the real OAuth handshake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.cli.dev.consent import consent
from twinledger.connectors import registry
from twinledger.connectors.base.access import Auth, Grant
from twinledger.connectors.opening import Opener, PlatformSettings, oauth_client
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.errors import FatalError
from twinledger.kernel.http import AsyncClient
from twinledger.kernel.ids import new_secret
from twinledger.state.budgets import BudgetPermit
from twinledger.state.connections import store_grant
from twinledger.state.sealing import KeyFile, Sealer, open_key_wrapper
from twinledger.state.workspaces import ensure_workspace

__all__ = ["connect", "set_up_accounts"]


async def connect(
    pool: Pool,
    workspace: str,
    platforms: Mapping[str, Mapping[str, Any]],
    keys: KeyFile,
    http: AsyncClient,
    clock: Clock,
) -> dict[str, str]:
    """Ask for consent, exchange the code, store the grant; the account's name for each platform."""
    sealer = Sealer(open_key_wrapper(keys))
    names: dict[str, str] = {}
    for platform, settings in platforms.items():
        client = oauth_client(PlatformSettings.model_validate(settings), keys.environment)
        auth = registry.auth(platform, client, http=http, clock=clock)
        grant = await _grant(auth, _operations(platform), http)
        accounts = await auth.accounts(grant.access)
        if not accounts:
            raise FatalError(f"the {platform} grant opens no account")
        account = {**accounts[0], **_addresses(grant)}
        async with pool.acquire() as connection, connection.transaction():
            await ensure_workspace(connection, workspace)
            await store_grant(
                connection,
                sealer,
                workspace=workspace,
                platform=platform,
                account=account,
                access=grant.access.value,
                refresh=grant.refresh_token,
                expires_at=grant.access.expires_at,
                scopes=grant.scopes,
            )
        names[platform] = account.get("name", "")
    opener = Opener(pool, settings_of(platforms), keys.environment, http, clock, sealer)
    await _set_up(opener, workspace)
    return names


def settings_of(platforms: Mapping[str, Mapping[str, Any]]) -> dict[str, PlatformSettings]:
    """The applications as the stages' settings take them."""
    return {name: PlatformSettings.model_validate(given) for name, given in platforms.items()}


async def _set_up(opener: Opener, workspace: str) -> None:
    """The custom fields that carry our reference, before the first write."""
    for connector in (await opener.open(workspace)).values():
        group = connector.info.budget_group
        permit = BudgetPermit(opener.pool, workspace, group, "live", opener.clock)
        await connector.setup.ensure_reference_fields(connector.source.objects, permit)


async def set_up_accounts(
    pool: Pool,
    workspace: str,
    platforms: Mapping[str, Mapping[str, Any]],
    keys: KeyFile,
    http: AsyncClient,
    clock: Clock,
) -> list[str]:
    """Have every account hold what we need before the first write; what a person must still do."""
    settings = {name: PlatformSettings.model_validate(given) for name, given in platforms.items()}
    sealer = Sealer(open_key_wrapper(keys))
    opener = Opener(pool, settings, keys.environment, http, clock, sealer)
    notes: list[str] = []
    try:
        for system, connector in (await opener.open(workspace)).items():
            permit = BudgetPermit(pool, workspace, connector.info.budget_group, "live", clock)
            objects = [name for name in connector.info.objects if name.startswith(f"{system}.")]
            notes += await connector.setup.ensure_reference_fields(objects, permit)
    finally:
        await opener.aclose()
    return notes


async def _grant(auth: Auth, operations: list[tuple[str, str]], http: AsyncClient) -> Grant:
    scopes = registry.scopes_for(auth.platform, operations)
    state = new_secret(16).hex()
    back = await consent(http, auth.authorize_url(scopes=scopes, state=state))
    if back.get("state") != state:
        raise FatalError("the redirect carries another state than ours")
    return await auth.exchange(back["code"], accounts_server=back.get("accounts-server"))


def _operations(platform: str) -> list[tuple[str, str]]:
    """Everything the connectors of this platform can do."""
    return [
        (name, operation)
        for info in registry.infos().values()
        if info.platform == platform
        for name, about in info.objects.items()
        for operation in about["scopes"]
    ]


def _addresses(grant: Grant) -> dict[str, str]:
    given = {"api_domain": grant.access.api_domain, "accounts_server": grant.accounts_server}
    return {name: value for name, value in given.items() if value}
