"""State: how far the changes of each object were taken in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from twinledger.kernel.database import Connection

__all__ = ["PollCursor", "load_cursor", "polled_since", "save_cursor"]


@dataclass(frozen=True, slots=True)
class PollCursor:
    """`seen_until` is the newest vendor stamp taken in; `page` is where an unfinished walk goes on."""

    workspace: str
    object: str
    seen_until: datetime | None = None
    first_done: bool = False
    caught_up: bool = False
    page: str | None = None
    page_since: datetime | None = None


async def load_cursor(connection: Connection, workspace: str, object_name: str) -> PollCursor:
    """The stored cursor; a new one starts at the beginning."""
    row = await connection.fetchrow(
        """select workspace, object, seen_until, first_done, caught_up, page, page_since
             from poll_cursor where workspace = $1 and object = $2""",
        workspace,
        object_name,
    )
    return PollCursor(**dict(row)) if row is not None else PollCursor(workspace, object_name)


async def save_cursor(connection: Connection, cursor: PollCursor) -> None:
    """Called after the documents up to here are acknowledged; the true cursor never goes back."""
    await connection.execute(
        """
        insert into poll_cursor as p
            (workspace, object, seen_until, first_done, page, page_since, caught_up, polled_at)
        values ($1, $2, $3, $4, $5, $6, $7, now())
        on conflict (workspace, object) do update
           set seen_until = greatest(p.seen_until, excluded.seen_until),
               first_done = p.first_done or excluded.first_done, caught_up = excluded.caught_up,
               page = excluded.page, page_since = excluded.page_since, polled_at = now()
        """,
        cursor.workspace,
        cursor.object,
        cursor.seen_until,
        cursor.first_done,
        cursor.page,
        cursor.page_since,
        cursor.caught_up,
    )


async def polled_since(
    connection: Connection, workspace: str, objects: Sequence[str], since: datetime
) -> int:
    """How many of these objects were polled to the end since then."""
    count: int = await connection.fetchval(
        """select count(*) from poll_cursor
            where workspace = $1 and object = any($2) and polled_at >= $3 and page is null""",
        workspace,
        list(objects),
        since,
    )
    return count
