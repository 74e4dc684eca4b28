"""Road: what was taken in already. One row for each version of a record that had its effect."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TypeAlias

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer

__all__ = ["InboxKey", "already_seen", "claim", "prune"]

InboxKey: TypeAlias = tuple[str, str, str, str]
"""object, external id, remote version, content hash"""


async def claim(writer: Writer, workspace: str, keys: Collection[InboxKey]) -> None:
    """Note what had its effect; for callers that hold the records' own locks."""
    if keys:
        # Sorted, so that two batches with the same keys wait for each other instead of dead-locking.
        await writer.execute(_CLAIM, workspace, *_columns(sorted(set(keys))))


async def already_seen(connection: Connection, workspace: str, keys: Collection[InboxKey]) -> set[InboxKey]:
    """Those of the keys that had their effect; for callers that hold the records' own locks."""
    if not keys:
        return set()
    rows = await connection.fetch(_SEEN, workspace, *_columns(keys))
    return {tuple(row) for row in rows}


async def prune(connection: Connection, older_than: timedelta = timedelta(days=90)) -> None:
    """Forget old rows; after that the version guard alone keeps old versions out."""
    await connection.execute(_PRUNE, older_than)


def _columns(keys: Collection[InboxKey]) -> tuple[list[str], ...]:
    return tuple(list(column) for column in zip(*keys, strict=True)) or ([], [], [], [])


_CLAIM = """
    insert into inbox (workspace, object, external_id, remote_version, content_hash)
    select $1, k.object, k.external_id, k.version, k.hash
    from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as k(object, external_id, version, hash)
    on conflict do nothing
"""
# A look for each key: a join would be planned over all rows of an object whenever statistics lag.
_SEEN = """
    select k.object, k.external_id, k.version, k.hash
    from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as k(object, external_id, version, hash)
    where (select true from inbox i
            where i.workspace = $1 and i.object = k.object and i.external_id = k.external_id
              and i.remote_version = k.version and i.content_hash = k.hash)
"""
_PRUNE = """
    delete from inbox where ctid = any(array(
        select ctid from inbox where seen_at < now() - $1::interval limit 20000))
"""
