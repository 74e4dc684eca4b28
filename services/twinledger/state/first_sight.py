"""State: the gate before writes. Records that a walk listed and enrich has not taken in.

Ingest notes what its first walk after a start lists, enrich strikes it off; while any is left a create
could double a record that exists on the other side. Before the first opening nothing is sent at all,
afterwards only creates wait.
"""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.kernel.database import Connection
from twinledger.state.records import ExternalKey

__all__ = ["begin_catch_up", "note_listed", "open_workspaces", "taken_in"]


async def note_listed(connection: Connection, workspace: str, keys: Sequence[ExternalKey]) -> None:
    """These exist at the vendor; called while the first pass over an object is listed."""
    await connection.execute(
        """insert into first_sight (workspace, object, external_id)
           select $1, * from unnest($2::text[], $3::text[]) on conflict do nothing""",
        workspace,
        [key.object for key in keys],
        [key.external_id for key in keys],
    )


async def taken_in(connection: Connection, workspace: str, keys: Sequence[ExternalKey]) -> None:
    """These are known now, whatever became of them."""
    # Named twice: a join alone is planned over all that was listed while statistics lag.
    await connection.execute(
        """delete from first_sight f using unnest($2::text[], $3::text[]) as k(object, external_id)
            where f.workspace = $1 and f.object = any($2) and f.external_id = any($3)
              and f.object = k.object and f.external_id = k.external_id""",
        workspace,
        [key.object for key in keys],
        [key.external_id for key in keys],
    )


async def begin_catch_up(connection: Connection, workspace: str) -> None:
    """Ingest starts: what happened while it was away is unknown, so creates wait until it is taken in."""
    await connection.execute(
        "update workspace set catching_up = true where id = $1 and opened_at is not null", workspace
    )
    await connection.execute("update poll_cursor set caught_up = false where workspace = $1", workspace)


async def open_workspaces(
    connection: Connection, workspaces: Sequence[str], objects: Sequence[str]
) -> list[str]:
    """Open those for writes whose every object was listed to its end and taken in; which were opened.

    A record that ended as a dead letter counts as taken in: a person looks at it, the others flow.
    """
    rows = await connection.fetch(
        """
        update workspace w set opened_at = coalesce(w.opened_at, now()), catching_up = false
         where w.id = any($1::text[]) and (w.opened_at is null or w.catching_up)
           and not exists (select from unnest($2::text[]) as o(name)
                            where not exists (select from poll_cursor p where p.workspace = w.id
                                                 and p.object = o.name and p.first_done
                                                 and p.caught_up))
           and not exists (select from first_sight f where f.workspace = w.id
                              and not exists (select from dead_letter d where d.workspace = w.id
                                  and d.record_key = concat_ws(chr(31), w.id, f.object, f.external_id)))
        returning w.id
        """,
        list(workspaces),
        list(objects),
    )
    return [row["id"] for row in rows]
