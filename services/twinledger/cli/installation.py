"""CLI: what a command needs to act on an installation: its database, its keys, the way to the vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from twinledger.cli.dev.connect import new_opener
from twinledger.cli.place import database_address, key_file
from twinledger.connectors.opening import Opener, PlatformSettings
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import open_pool
from twinledger.kernel.http import new_http_client

__all__ = ["Applications", "Installation", "installation"]

_TIMEOUT_S = 30.0


class Applications(BaseSettings):
    """Our applications as the stages' environment names them."""

    model_config = SettingsConfigDict(env_prefix="TWINLEDGER_", extra="ignore", frozen=True)

    platforms: Mapping[str, PlatformSettings] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Installation:
    """Open for one command."""

    opener: Opener
    directory: Path


@asynccontextmanager
async def installation(directory: Path) -> AsyncIterator[Installation]:
    """The stack in that directory, or what DATABASE_URL and TWINLEDGER_KEK_FILE name."""
    keys = key_file(directory)
    pool = await open_pool(database_address(directory), min_size=1, max_size=3)
    try:
        async with new_http_client(timeout_s=_TIMEOUT_S) as http:
            opener = new_opener(pool, keys, http, SystemClock(), Applications().platforms)
            yield Installation(opener, directory)
    finally:
        await pool.close()
