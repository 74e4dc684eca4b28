"""Connectors: finds them by their connector.yaml and builds them. A new folder is all a new system needs.

A connector folder holds `connector.yaml` and `wiring.py` with `build(info, connection, http, clock)`;
its platform's folder holds `auth.py` with `build_auth(client, http, clock)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import cast

from twinledger.connectors.base.access import Auth
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, ConnectorInfo
from twinledger.connectors.base.manifest import parse_manifest
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.connectors.wanted import wanted_scopes
from twinledger.kernel.clock import Clock
from twinledger.kernel.errors import FatalError
from twinledger.kernel.http import AsyncClient

__all__ = ["absent", "auth", "build", "infos", "scopes_for"]

_PACKAGE = "twinledger.connectors"

BuildConnector = Callable[[ConnectorInfo, Connection, AsyncClient, Clock], Connector]
BuildAuth = Callable[[OAuthClient, AsyncClient, Clock], Auth]


@dataclass(frozen=True, slots=True)
class _Found:
    folder: str
    auth_folder: str
    info: ConnectorInfo


def infos() -> Mapping[str, ConnectorInfo]:
    """Every system there is a connector for."""
    return {system: found.info for system, found in _discover().items()}


def absent(connected: Iterable[str]) -> frozenset[str]:
    """Optional systems that a workspace with these has not connected."""
    return frozenset(name for name, info in infos().items() if info.optional) - {*connected}


def build(system: str, connection: Connection, *, http: AsyncClient, clock: Clock) -> Connector:
    """The connector of one system for one connection; opens nothing."""
    found = _found(system)
    make = cast("BuildConnector", import_module(f"{_PACKAGE}.{found.folder}.wiring").build)
    return make(found.info, connection, http, clock)


def auth(platform: str, client: OAuthClient, *, http: AsyncClient, clock: Clock) -> Auth:
    """The OAuth handshake of one platform."""
    folders = {found.auth_folder for found in _discover().values() if found.info.platform == platform}
    if len(folders) != 1:
        raise FatalError(f"platform {platform}: {len(folders)} folders speak for it, one must")
    make = cast("BuildAuth", import_module(f"{_PACKAGE}.{folders.pop()}.auth").build_auth)
    return make(client, http, clock)


def scopes_for(platform: str, operations: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The least that a grant needs for these (object, operation) pairs, sorted, each once."""
    return tuple(wanted_scopes(platform, list(operations), infos()))


def _found(system: str) -> _Found:
    try:
        return _discover()[system]
    except KeyError:
        raise FatalError(f"no connector for {system}: there are {sorted(_discover())}") from None


@cache
def _discover() -> Mapping[str, _Found]:
    found: dict[str, _Found] = {}
    for folder in sorted(files(_PACKAGE).iterdir(), key=lambda one: one.name):
        path = folder / "connector.yaml"
        if folder.is_dir() and path.is_file():
            manifest = parse_manifest(path.read_text(encoding="utf-8"), f"{folder.name}/connector.yaml")
            found[manifest.system] = _Found(folder.name, manifest.auth, manifest.info())
    return found
