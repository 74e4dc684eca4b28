"""State: a person's word on who a record is: somebody known, somebody new, or none of ours.

In the caller's transaction; locks as enrich takes them: the type's matching, entities by id, the question.
What follows from the word (fields, plans) follows from the record itself, which is read once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.ids import derived_id
from twinledger.state.answers import ask_replan
from twinledger.state.crosswalk import bind, rows_of_entities, rows_of_keys
from twinledger.state.entities import load_entities, lock_entities, save_entities
from twinledger.state.history import AuditRow, note_answer, save_audit
from twinledger.state.identity import lock_types
from twinledger.state.intents import wake_waiting
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey
from twinledger.state.unresolved import forget_unresolved, load_unresolved, waiting_for

__all__ = ["MatchAnswer", "answer_match"]

_ROLE = "primary"


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """`word`: link, new or ignore; a link names an entity or one of its records. All of it is audited.
    `shown`: the candidates that the person saw, where the answer holds for no others."""

    word: str
    link: UUID | ExternalKey | None
    by: str
    reason: str
    at: datetime
    shown: frozenset[str] | None = None


async def answer_match(
    connection: Connection, workspace: str, number: int, answer: MatchAnswer
) -> tuple[UUID | None, list[ExternalKey]]:
    """The entity the record is from now on (None: ignored), and the records to read again."""
    key = await _asked(connection, workspace, number)
    row = next(iter(await rows_of_keys(connection, workspace, [key])), None)
    if row is None or row.status != "orphan":
        raise PermanentError(f"{key.text()} waits for no answer any more", error_class="gone")
    asked_about = (await load_entities(connection, [row.entity_id]))[row.entity_id]
    await lock_types(connection, workspace, {asked_about.type})
    if answer.shown not in (None, await _candidates(connection, number)):
        raise PermanentError("it may be somebody else than was shown", error_class="conflict")
    entity = await _chosen(connection, workspace, number, key, asked_about.type, answer)
    if not await _take(connection, number, answer, entity):
        raise PermanentError(f"question {number} was answered meanwhile", error_class="gone")
    await _settle(connection, workspace, row, entity, number, answer)
    return entity, [key, *await _others(connection, workspace, key, entity)]


async def _asked(connection: Connection, workspace: str, number: int) -> ExternalKey:
    subject = await connection.fetchval(
        """select subject from review_item
            where workspace = $1 and id = $2 and kind = 'match' and state = 'open'""",
        workspace,
        number,
    )
    if subject is None:
        raise PermanentError(f"no open question {number} of kind match", error_class="gone")
    return ExternalKey.parse(subject)


async def _candidates(connection: Connection, number: int) -> frozenset[str]:
    """Entities that the record may be; under the lock of their type they stay the same."""
    found = await connection.fetchval(
        "select jsonb_path_query_array(evidence, '$.candidates[*].entity') from review_item where id = $1",
        number,
    )
    return frozenset(found)


async def _chosen(
    connection: Connection,
    workspace: str,
    number: int,
    key: ExternalKey,
    entity_type: str,
    answer: MatchAnswer,
) -> UUID | None:
    if answer.word == "ignore":
        return None
    if answer.word == "new":
        return await _made(connection, workspace, number, key, entity_type)
    return await _linked(connection, workspace, key, entity_type, answer.link)


async def _made(
    connection: Connection, workspace: str, number: int, key: ExternalKey, entity_type: str
) -> UUID:
    """Another one than the record once gave rise to, if it did: it was said not to be that."""
    name, origin = (key.object, key.external_id), key.text()
    entity_id = derived_id(workspace, *name)
    if entity_id in await lock_entities(connection, [entity_id]):
        entity_id, origin = derived_id(workspace, *name, f"review {number}"), f"{origin}#{number}"
    await save_entities(connection, [Entity(entity_id, workspace, entity_type, 0, origin, {}, {})])
    return entity_id


async def _linked(
    connection: Connection,
    workspace: str,
    key: ExternalKey,
    entity_type: str,
    link: UUID | ExternalKey | None,
) -> UUID:
    """An entity of the same kind, without a record in this object."""
    entity_id = link if isinstance(link, UUID) else None
    if isinstance(link, ExternalKey):
        rows = await rows_of_keys(connection, workspace, [link])
        entity_id = next((row.entity_id for row in rows if row.status == "active"), None)
    found = (await lock_entities(connection, [entity_id])).get(entity_id) if entity_id is not None else None
    if found is None or found.workspace != workspace or found.type != entity_type:
        raise PermanentError(f"that is no {entity_type} we know", error_class="validation")
    for row in await rows_of_entities(connection, [found.id]):
        if row.key.object == key.object:
            raise PermanentError(
                f"it has {row.key.text()} in its place already; merge the two there", error_class="conflict"
            )
    return found.id


async def _take(connection: Connection, number: int, answer: MatchAnswer, entity: UUID | None) -> bool:
    """Once: a second answer finds the question closed."""
    said = {
        "word": answer.word,
        "entity": str(entity) if entity is not None else None,
        "by": answer.by,
        "reason": answer.reason,
        "at": answer.at.isoformat(),
    }
    return await note_answer(connection, number, said)


async def _settle(
    connection: Connection,
    workspace: str,
    row: CrosswalkRow,
    entity: UUID | None,
    number: int,
    answer: MatchAnswer,
) -> None:
    status = "active" if entity is not None else "ignored"
    held_by = entity or row.entity_id
    await bind(connection, [CrosswalkRow(workspace, row.key, held_by, _ROLE, status)])
    if entity is not None:
        await wake_waiting(connection, [f"entity:{entity}@{row.key.object}"])
    released = await forget_unresolved(connection, workspace, [row.key])
    await ask_replan(connection, workspace, released)
    cause = f"review {number}: {answer.word} by {answer.by}: {answer.reason}"
    await save_audit(connection, [AuditRow(workspace, held_by, "identity", None, row.key.text(), cause, "")])


async def _others(
    connection: Connection, workspace: str, key: ExternalKey, entity: UUID | None
) -> list[ExternalKey]:
    """Records whose own question rests on this one: the account of a contact, rivals for one place."""
    rest = await waiting_for(connection, workspace, [key])
    about = await load_unresolved(connection, workspace, [entity] if entity is not None else [], [])
    return [*rest, *(one.key for one in about)]
