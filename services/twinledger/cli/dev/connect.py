"""Dev: connects the workspace to the simulated vendors by the real OAuth handshake."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from twinledger.cli.dev.consent import consent
from twinledger.connectors import registry
from twinledger.connectors.connecting import Handshake, choose_account, set_up, store
from twinledger.connectors.opening import Opener, PlatformSettings
from twinledger.connectors.wanted import wanted_objects, wanted_operations
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.http import AsyncClient
from twinledger.mapping.definitions import load_shipped
from twinledger.state.records import system_of
from twinledger.state.sealing import KeyFile, Sealer, open_key_wrapper
from twinledger.state.workspaces import ensure_workspace, load_settings

__all__ = ["connect", "new_opener"]


async def connect(
    pool: Pool,
    workspace: str,
    platforms: Mapping[str, Mapping[str, Any]],
    keys: KeyFile,
    http: AsyncClient,
    clock: Clock,
    systems: Collection[str] = (),
) -> list[str]:
    """Connect every platform and ready its account; what a person must still do. `systems`: optional ones."""
    opener = new_opener(pool, keys, http, clock)
    async with transaction(pool) as connection:
        await ensure_workspace(connection, workspace)
        chosen = await load_settings(connection, workspace)
    definitions = load_shipped().without(registry.absent(systems))
    notes: list[str] = []
    for platform, settings in platforms.items():
        application = PlatformSettings.model_validate(settings)
        operations = wanted_operations(definitions, registry.infos(), chosen)
        auth = opener.auth(platform, application)
        handshake = Handshake(auth, registry.scopes_for(platform, operations), clock)
        grant = await handshake.finish(await consent(http, handshake.address))
        account = await choose_account(auth, grant)
        named = [system for system in systems if registry.infos()[system].platform == platform]
        await store(opener, workspace, platform, application, grant, account, named)
        notes += await set_up(opener, workspace, platform)
    return notes


def new_opener(
    pool: Pool,
    keys: KeyFile,
    http: AsyncClient,
    clock: Clock,
    platforms: Mapping[str, PlatformSettings] | None = None,
) -> Opener:
    """For the systems that the shipped rules and flows name."""
    systems = {system_of(name) for name in wanted_objects(load_shipped())}
    return Opener(
        pool, platforms or {}, keys.environment, http, clock, Sealer(open_key_wrapper(keys)), systems
    )
