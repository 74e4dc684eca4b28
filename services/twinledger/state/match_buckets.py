"""State: what matching made of both sides: linked, in review, on the left or the right alone.

Left is FreshBooks, right is Zoho. Before the first write of a workspace a person looks at these.
"""

from __future__ import annotations

from typing import Any, Literal

from twinledger.kernel.database import Connection

__all__ = ["BUCKETS", "Bucket", "bucket_rows", "match_buckets"]

Row = dict[str, Any]
Bucket = Literal["link", "review", "only_left", "only_right"]
BUCKETS: tuple[Bucket, ...] = ("link", "review", "only_left", "only_right")


async def match_buckets(connection: Connection, workspace: str) -> list[Row]:
    """A row for each kind of entity: how many customers, items, ... are in each bucket."""
    return [dict(row) for row in await connection.fetch(_COUNTS, workspace)]


async def bucket_rows(
    connection: Connection, workspace: str, bucket: Bucket, entity_type: str | None, limit: int
) -> list[Row]:
    """What is in one bucket; of the one in review the questions."""
    query = _REVIEWS if bucket == "review" else _ENTITIES[bucket]
    return [dict(row) for row in await connection.fetch(query, workspace, entity_type, limit)]


_SIDES = """
    select e.id, e.type, e.fields, array_agg(c.object || '/' || c.external_id order by c.object) as records,
           bool_or(c.object like 'freshbooks.%') as is_left,
           bool_or(c.object not like 'freshbooks.%') as is_right
      from entity e join crosswalk c on c.entity_id = e.id and c.status = 'active'
     where e.workspace = $1 group by e.id
"""
_ASKED = """
    select r.id, e.type, r.subject, r.evidence
      from review_item r
      join crosswalk c on c.workspace = r.workspace and c.object = split_part(r.subject, '/', 1)
                      and c.external_id = split_part(r.subject, '/', 2)
      join entity e on e.id = c.entity_id
     where r.workspace = $1 and r.kind = 'match' and r.state = 'open'
"""
_COUNTS = f"""
    with sides as ({_SIDES}), waiting as (
        select e.type, count(*) as review from ({_ASKED}) e group by e.type
    ), held as (
        select type, count(*) filter (where is_left and is_right) as link,
               count(*) filter (where not is_right) as only_left,
               count(*) filter (where not is_left) as only_right
          from sides group by type
    )
    select coalesce(h.type, w.type) as entity, coalesce(h.link, 0) as link, coalesce(w.review, 0) as review,
           coalesce(h.only_left, 0) as only_left, coalesce(h.only_right, 0) as only_right
      from held h full join waiting w on w.type = h.type order by 1
"""  # noqa: S608 - fixed text
_NAME = """
    coalesce(nullif(concat_ws(' ', fields ->> 'name.given', fields ->> 'name.family'), ''),
             fields ->> 'organization', fields ->> 'number', fields ->> 'name', fields ->> 'email')
"""
_REVIEWS = f"""
    select id, type as entity, subject as record, evidence ->> 'why' as why,
           evidence -> 'record' as says, evidence -> 'candidates' as candidates
      from ({_ASKED}) asked where $2::text is null or type = $2 order by id limit $3
"""  # noqa: S608 - fixed text


def _entities(condition: str) -> str:
    return f"""
        select id as entity_id, type as entity, {_NAME} as name, records from ({_SIDES}) s
         where {condition} and ($2::text is null or type = $2) order by type, id limit $3
    """  # noqa: S608 - fixed text


_ENTITIES: dict[Bucket, str] = {
    "link": _entities("is_left and is_right"),
    "only_left": _entities("not is_right"),
    "only_right": _entities("not is_left"),
}
