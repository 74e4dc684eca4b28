"""Loader, before step 1: creates that wait for a word on a record that is there.

In: Candidates    Out: those of them that may be sent

A record in review with the mailbox of an entity, or another key that tells it by itself, is most likely the
entity's own: it is read again as soon as the entity is known, and until it is judged anew nothing is created
for the entity in that system, neither the record nor one that goes with it (the account of a contact).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinledger.kernel.database import Connection
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.matching.match_keys import exact_keys
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.intent_queue import Candidate
from twinledger.state.records import system_of
from twinledger.state.unresolved import load_unresolved

__all__ = ["without_doubles"]


async def without_doubles(
    connection: Connection,
    workspace: str,
    due: Sequence[Candidate],
    rules: Mapping[str, SyncRule],
    mappings: Mapping[str, ObjectMapping],
) -> Sequence[Candidate]:
    """One look-up for all creates of a round; none for a round without."""
    told = {
        id(one): exact_keys(one.entity_fields, rules[mappings[one.intent.target.object].entity])
        for one in due
        if one.intent.op == "create"
    }
    wanted = {key for keys in told.values() for key in keys}
    if not wanted:
        return due
    open_ones = await load_unresolved(connection, workspace, (), wanted)
    asked = {(system_of(one.key.object), key) for one in open_ones for key in one.keys}
    return [
        one
        for one in due
        if all((system_of(one.intent.target.object), key) not in asked for key in told.get(id(one), ()))
    ]
