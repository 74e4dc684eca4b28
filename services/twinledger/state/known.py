"""State: what is known of locked entities: their sides, what each holds, what is on its way there, what is
asked about them. One question for all four: a round trip costs more than such a look does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.crosswalk import SIDES, row_of
from twinledger.state.intents import OPEN_INTENTS, by_target
from twinledger.state.records import CrosswalkRow, Intent, Shadow, Target
from twinledger.state.shadows import SHADOWS, shadows_of
from twinledger.state.unresolved import UNRESOLVED, Unresolved, unresolved_of

__all__ = ["Known", "load_known"]

# Not four arrays: PostgreSQL sends each value inside a row's arrays from memory of its own, 1 KiB at
# least, and holds all of it until the row is sent; of a batch that was megabytes, given back each time.
_ALL = f"""
    select 0, s from ({SIDES}) s union all select 1, h from ({SHADOWS}) h
    union all select 2, i from ({OPEN_INTENTS}) i union all select 3, q from ({UNRESOLVED}) q
"""  # noqa: S608 - fixed texts


@dataclass(frozen=True, slots=True)
class Known:
    """`sides`: where the entities are or were; `intents`: planned, unsettled and rejected, oldest first."""

    sides: Sequence[CrosswalkRow]
    shadows: dict[Target, Shadow]
    intents: dict[Target, list[Intent]]
    questions: Sequence[Unresolved]


async def load_known(
    connection: Connection, workspace: str, ids: Collection[UUID], keys: Collection[str]
) -> Known:
    """Of these entities, and the questions about records found under these match keys."""
    parts: tuple[list[Any], ...] = ([], [], [], [])
    for part, row in await connection.fetch(_ALL, list(ids), workspace, list(keys)):
        parts[part].append(row)
    sides, shadows, intents, questions = parts
    return Known(
        [row_of(one) for one in sides],
        shadows_of(shadows),
        by_target(intents),
        [unresolved_of(one) for one in questions],
    )
