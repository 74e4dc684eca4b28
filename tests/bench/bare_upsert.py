"""Yardstick of enrich: upserts of two small rows a record, 500 in a statement, one transaction each.

python -m tests.bench.bare_upsert DSN
"""

from __future__ import annotations

import sys
import time
from typing import Any
from uuid import UUID

import asyncpg
import uvloop
from tests.bench.programs import answer_rounds

_AT_ONCE = 500
_TABLE = """
    create table if not exists bench_upsert (
        object text, external_id text, entity_id uuid, content_hash text,
        primary key (object, external_id))
"""
_UPSERT = """
    insert into bench_upsert select 'freshbooks.client', * from unnest($1::text[], $2::uuid[], $3::text[])
    on conflict (object, external_id) do update set content_hash = excluded.content_hash
"""


async def main(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(_TABLE)
    rounds = 0

    async def run(rows: int) -> dict[str, Any]:
        """Half of the rows are new, half are there."""
        nonlocal rounds
        first = rounds * rows // 2
        rounds += 1
        began = time.perf_counter()
        for start in range(first, first + rows, _AT_ONCE):
            numbers = range(start, start + _AT_ONCE)
            await connection.execute(
                _UPSERT,
                [str(number) for number in numbers],
                [UUID(int=number) for number in numbers],
                [f"{number:032x}" for number in numbers],
            )
        return {"per_s": rows / (time.perf_counter() - began)}

    await answer_rounds(run)
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
