"""Whether a change costs the same in a small and in a large installation: 1,000 to 1,000,000 linked records.

The same customers change each time; what grows beside them is copied from them, with ids and match keys
of its own, so every table and index that a change looks into grows with it.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from tests.bench.bench_enrich import timed
from tests.bench.documents import books_contact, crm_contact, freshbooks_client, observations
from tests.bench.feeding import producer_of
from tests.bench.figures import Figure
from tests.bench.lab import Lab, one_stage

from twinledger.cli.dev.session import Session
from twinledger.road.codec import Codec

__all__ = ["measure", "slope"]

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_CUSTOMERS = range(333)
_SIDES = 3
_AT_ONCE = 20_000


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """Every size in turn; a database does not shrink."""
    session = await lab.session("slope")
    codec, cost = Codec.from_files(), {}
    async with one_stage(session, "enrich", {}), producer_of(session.stack.broker.address) as producer:
        for step, document in enumerate((freshbooks_client, crm_contact, books_contact)):
            await timed(session, producer, observations(codec, document, _CUSTOMERS, "Ada", step))
        step = _SIDES
        for size in SIZES:
            await _grow(session, size)
            values = []
            for _ in range(rounds + 1):
                records = observations(codec, freshbooks_client, _CUSTOMERS, f"Eve{step}", step)
                values.append(1e6 / await timed(session, producer, records))
                step += 1
            cost[size] = values[1:]
    return [
        *(Figure(f"slope: a change among {size:,} linked records", "us", cost[size]) for size in SIZES),
        Figure("slope: dearer with each tenfold of records", "%", [slope(cost)], at_most=10),
    ]


def slope(cost: Mapping[int, Sequence[float]]) -> float:
    """Percent of the smallest size's cost that each tenfold adds: least squares over the medians."""
    medians = [statistics.median(values) for values in cost.values()]
    per_tenfold, _ = statistics.linear_regression(range(len(medians)), medians)
    return per_tenfold / medians[0] * 100


async def _grow(session: Session, size: int) -> None:
    """Until so many records are linked; statistics are brought up to date, as autovacuum would in time."""
    while (missing := size - await session.pool.fetchval("select count(*) from crosswalk")) >= _SIDES:
        await session.pool.execute(_COPY, missing // _SIDES if missing < _AT_ONCE * _SIDES else _AT_ONCE)
    await session.pool.execute("vacuum analyze", timeout=600)


_COPY = """
    with template as materialized (
             select e.*, row_number() over (order by id) as place from entity e
              where id in (select entity_id from crosswalk where object = 'zoho_books.contact'
                            order by linked_at limit 100)),
         made as materialized (
             select t.id as old, gen_random_uuid() as id, gen_random_uuid()::text as word
               from generate_series(0, $1 - 1) n join template t on t.place = n % 100 + 1),
         entities as (
             insert into entity (id, workspace, type, version, origin, fields, clocks, definition)
             select m.id, t.workspace, t.type, t.version, m.word, t.fields, t.clocks, t.definition
               from made m join template t on t.id = m.old),
         keys as (
             insert into match_key (workspace, value, entity_id)
             select k.workspace, k.value || m.word, m.id from made m join match_key k on k.entity_id = m.old),
         rows as (
             insert into crosswalk (workspace, object, external_id, entity_id, role, status)
             select c.workspace, c.object, c.object || m.word, m.id, c.role, c.status
               from made m join crosswalk c on c.entity_id = m.old)
    insert into shadow (entity_id, object, role, external_id, fields, bases, content_hash,
                        vendor_updated_at, read_started_at, revision)
    select m.id, s.object, s.role, s.object || m.word, s.fields, s.bases, s.content_hash,
           s.vendor_updated_at, s.read_started_at, s.revision
      from made m join shadow s on s.entity_id = m.old
"""
