"""Road: records to publish, committed with the state they follow from.

`append` runs in the caller's transaction; the relay publishes afterwards. A record may be published
twice (a kill between the broker's ack and ours); receivers know it by its `ce_id` and inbox key.
"""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.kernel.database import Connection
from twinledger.kernel.writes import Writer
from twinledger.road.broker import OutRecord
from twinledger.road.stored_headers import to_text

__all__ = ["CHANNEL", "append", "call_relay"]

CHANNEL = "outbox"


async def append(writer: Writer, rows: Sequence[OutRecord]) -> None:
    """One statement for all rows, in the given order."""
    if rows:
        columns = zip(*((r.topic, r.key, r.value, to_text(r.headers)) for r in rows), strict=True)
        await writer.execute(_APPEND, *(list(column) for column in columns))


async def call_relay(connection: Connection) -> None:
    """With the commit, for processes without a relay of their own. A NOTIFY makes commits queue: the stages
    leave it out and wake theirs.
    """
    await connection.execute("select pg_notify($1, '')", CHANNEL)


_APPEND = """
    insert into outbox (topic, key, value, headers)
    select topic, key, value, headers
    from unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
         with ordinality as given (topic, key, value, headers, place)
    order by place
"""
