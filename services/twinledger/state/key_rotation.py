"""State: replaces keys while everything runs, of a workspace or of the installation; proves all secrets.

A rotated workspace key still opens what a process was just sealing with it, so its row stays. The outer
key is replaced in two steps: the stages get the new one beside the former, then every workspace key is
wrapped anew (docs/decisions/0022).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import FatalError
from twinledger.state.sealing import KeyWrapper, Place, Sealer, version_of

__all__ = ["SEALED", "SealedColumn", "Verified", "key_versions", "rewrap", "rotate", "verify"]


class SealedColumn(NamedTuple):
    """A column of ciphertexts; `row` is the column that names the row in their associated data."""

    table: str
    column: str
    row: str


SEALED = (
    SealedColumn("connection", "access_token", "platform"),
    SealedColumn("connection", "refresh_token", "platform"),
    SealedColumn("connection", "application", "platform"),
    SealedColumn("subscription", "secret", "key"),
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What opening every value of a workspace came to; `sealed` counts values by key version."""

    opened: int
    failed: tuple[str, ...]
    sealed: Mapping[int, int]


async def rotate(connection: Connection, sealer: Sealer, workspace: str) -> int:
    """A new key for the workspace and its values sealed with it, in the caller's transaction."""
    newest = "select coalesce(max(version), 0) from workspace_key where workspace = $1"
    version = await sealer.add_key(connection, workspace, await connection.fetchval(newest, workspace) + 1)
    for column in SEALED:
        await _seal_again(connection, sealer, workspace, column)
    return version


async def rewrap(connection: Connection, wrapper: KeyWrapper) -> int:
    """Every workspace key under the current outer key; how many there are."""
    rows = await connection.fetch("select workspace, version, wrapped from workspace_key for update")
    fresh = [wrapper.wrap(row["workspace"], row["version"], wrapper.unwrap(*row.values())) for row in rows]
    await connection.execute(
        """update workspace_key k set wrapped = t.wrapped
             from unnest($1::text[], $2::int[], $3::bytea[]) as t(workspace, version, wrapped)
            where k.workspace = t.workspace and k.version = t.version""",
        [row["workspace"] for row in rows],
        [row["version"] for row in rows],
        fresh,
    )
    return len(rows)


async def verify(connection: Connection, sealer: Sealer, workspace: str) -> Verified:
    """Open every sealed value of the workspace."""
    versions: Counter[int] = Counter()
    failed: list[str] = []
    for column in SEALED:
        for place, sealed in await _values(connection, workspace, column):
            try:
                await sealer.open(connection, workspace, place, sealed)
                versions[version_of(sealed)] += 1
            except FatalError:
                failed.append("/".join(place))
    return Verified(versions.total(), tuple(failed), dict(versions))


async def key_versions(connection: Connection) -> list[dict[str, Any]]:
    """Every workspace key there is, without the keys."""
    rows = await connection.fetch(
        "select workspace, version, created_at from workspace_key order by workspace, version"
    )
    return [dict(row) for row in rows]


async def _seal_again(connection: Connection, sealer: Sealer, workspace: str, column: SealedColumn) -> None:
    values = await _values(connection, workspace, column)
    fresh = [
        await sealer.seal(connection, workspace, place, await sealer.open(connection, workspace, place, old))
        for place, old in values
    ]
    await connection.execute(
        f"""update {column.table} t set {column.column} = v.sealed
              from unnest($2::text[], $3::bytea[]) as v(row, sealed)
             where t.workspace = $1 and t.{column.row} = v.row""",  # noqa: S608 - names from the list above
        workspace,
        [place.row for place, _ in values],
        fresh,
    )


async def _values(connection: Connection, workspace: str, column: SealedColumn) -> list[tuple[Place, bytes]]:
    """Locked: a token that is stored meanwhile waits, and is not written over."""
    rows = await connection.fetch(
        f"""select {column.row} as row, {column.column} as sealed from {column.table}
             where workspace = $1 and {column.column} is not null order by 1 for update""",  # noqa: S608
        workspace,
    )
    return [(Place(column.table, column.column, row["row"]), row["sealed"]) for row in rows]
