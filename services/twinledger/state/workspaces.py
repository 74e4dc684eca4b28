"""State: workspaces, one integration pair each, with the key its references are derived from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.kernel.database import Connection
from twinledger.kernel.ids import new_secret

__all__ = [
    "Workspace",
    "ensure_workspace",
    "find_workspace",
    "list_workspaces",
    "load_settings",
    "save_settings",
]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Identity and reference key; the key is made once and never rotated."""

    id: str
    reference_key: bytes


async def find_workspace(connection: Connection, workspace: str) -> Workspace | None:
    """The workspace if it is there."""
    key = await connection.fetchval("select reference_key from workspace where id = $1", workspace)
    return Workspace(workspace, key) if key is not None else None


async def ensure_workspace(connection: Connection, workspace: str) -> Workspace:
    """The workspace, made on first use."""
    await connection.execute(
        "insert into workspace (id, reference_key) values ($1, $2) on conflict (id) do nothing",
        workspace,
        new_secret(32),
    )
    key = await connection.fetchval("select reference_key from workspace where id = $1", workspace)
    return Workspace(workspace, key)


async def load_settings(connection: Connection, workspace: str) -> Mapping[str, Any]:
    """What the workspace has chosen; nothing when it has chosen nothing."""
    return await connection.fetchval("select settings from workspace where id = $1", workspace) or {}


async def save_settings(
    connection: Connection, workspace: str, settings: Mapping[str, Any], entity_types: Collection[str]
) -> None:
    """Choose; enrich looks again at every entity of these types."""
    await connection.execute("update workspace set settings = $2 where id = $1", workspace, dict(settings))
    await connection.execute(
        """insert into replan (workspace, entity_id)
           select $1, id from entity where workspace = $1 and type = any($2)""",
        workspace,
        list(entity_types),
    )


async def list_workspaces(connection: Connection) -> list[dict[str, Any]]:
    """All workspaces of this installation, as a person looks at them."""
    rows = await connection.fetch(
        """select w.id as workspace, w.created_at, w.opened_at, w.catching_up,
                  coalesce(array_agg(c.platform order by c.platform) filter (where c.platform is not null),
                           '{}') as connections
             from workspace w left join connection c on c.workspace = w.id group by w.id order by w.id"""
    )
    return [dict(row) for row in rows]
