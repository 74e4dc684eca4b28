"""FreshBooks: the versions of records before an update, for it takes no condition.

In: ids, at most a page of them    Out: the stamp of each that could be looked at, or why it could not
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinledger.connectors.base.contract import CallPermit, NotApplied
from twinledger.connectors.base.reading import unless_gone
from twinledger.connectors.base.version_check import Version
from twinledger.connectors.freshbooks.client import FreshBooksClient
from twinledger.connectors.freshbooks.resources import Resource, version
from twinledger.kernel.errors import TwinledgerError
from twinledger.kernel.together import all_of

__all__ = ["versions"]


async def versions(
    client: FreshBooksClient, resource: Resource, ids: Sequence[str], permit: CallPermit
) -> Mapping[str, Version]:
    """By one list. What it leaves out is looked at singly: somebody has deleted it, and a visibility of ours
    would bring it back. Nothing where FreshBooks ignores the ids."""
    rows = await client.find_by_ids(resource, ids, permit)
    if rows is None:
        return {}
    left_out = [one for one in ids if one not in rows] if resource.soft_delete else []
    singly = await all_of([_one(client, resource, one, permit) for one in left_out])
    listed = {external_id: version(row) for external_id, row in rows.items()}
    return {**listed, **dict(zip(left_out, singly, strict=True))}


async def _one(client: FreshBooksClient, resource: Resource, external_id: str, permit: CallPermit) -> Version:
    try:
        row = await unless_gone(client.get(resource, external_id, permit))
    except TwinledgerError as error:
        return NotApplied(error)
    return version(row) if row is not None else None
