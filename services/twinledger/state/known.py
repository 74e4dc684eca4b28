"""State: what is known of locked entities: their sides, what each holds, what is on its way there, what is
asked about them. One question for all four: a round trip costs more than such a look does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.crosswalk import SIDES, row_of
from twinledger.state.intents import OPEN_INTENTS, by_target
from twinledger.state.records import CrosswalkRow, Intent, Shadow, Target
from twinledger.state.shadows import SHADOWS, shadows_of
from twinledger.state.unresolved import UNRESOLVED, Unresolved, unresolved_of

__all__ = ["Known", "load_known"]

_ALL = f"""
    select array(select s from ({SIDES}) s), array(select h from ({SHADOWS}) h),
           array(select i from ({OPEN_INTENTS}) i), array(select q from ({UNRESOLVED}) q)
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
    row = await connection.fetchrow(_ALL, list(ids), workspace, list(keys))
    assert row is not None
    sides, shadows, intents, questions = row
    return Known(
        [row_of(one) for one in sides],
        shadows_of(shadows),
        by_target(intents),
        [unresolved_of(one) for one in questions],
    )
