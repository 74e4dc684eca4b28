"""Loader, step 1 of 3: turns due intents into vendor calls.

In: Candidates of one budget group    Out: Built calls, intents with nothing left to write, and those
that wait for a parent which the target does not have yet
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from twinledger.connectors.base.contract import WriteCall
from twinledger.kernel.errors import PermanentError
from twinledger.mapping.lens import ObjectMapping
from twinledger.state.intent_queue import Candidate
from twinledger.state.records import Fields, Intent, system_of

__all__ = ["Built", "Parents", "Round", "bare_call", "build_call", "build_round", "mentioned_entities"]

ENTITY_PREFIX = "entity:"
_ENDED = ("deleted", "void")
SELF_PREFIX = "self/"


@dataclass(frozen=True, slots=True)
class Built:
    """One intent as a vendor call; `expected` is the part of its patch the call carries."""

    intent: Intent
    call: WriteCall
    expected: Fields


@dataclass(slots=True)
class Round:
    """What one look at the queue amounts to."""

    built: list[Built] = field(default_factory=list)
    nothing_left: list[UUID] = field(default_factory=list)
    refused: list[tuple[Built, PermanentError]] = field(default_factory=list)
    waiting: list[tuple[UUID, str]] = field(default_factory=list)


class ParentMissing(Exception):
    """A reference has no counterpart in the target yet; `key` names what to wait for."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Parents:
    """What references resolve to: external ids by (entity, object), fields by entity.

    `homes` names for each (entity type, system) the object that a reference means there.
    """

    external_ids: Mapping[tuple[UUID, str], str]
    types: Mapping[UUID, str]
    fields: Mapping[UUID, Fields]
    homes: Mapping[tuple[str, str], str]

    def external_id(self, entity_id: UUID, object_name: str) -> str:
        external_id = self.external_ids.get((entity_id, object_name))
        if external_id is None:
            raise ParentMissing(f"{ENTITY_PREFIX}{entity_id}@{object_name}")
        return external_id

    def resolve(self, name: str, intent: Intent) -> str:
        """The target's id for "entity:<uuid>" or "self/zoho_crm.account"."""
        if name.startswith(SELF_PREFIX):
            return self.external_id(intent.target.entity_id, name.removeprefix(SELF_PREFIX))
        entity_id = UUID(name.removeprefix(ENTITY_PREFIX))
        home = self.homes[(self.types[entity_id], system_of(intent.target.object))]
        return self.external_id(entity_id, home)

    def lookup(self, name: str) -> Fields:
        """The canonical fields of a referenced entity, where a vendor wants values, not ids."""
        return self.fields[UUID(name.removeprefix(ENTITY_PREFIX))]


def bare_call(candidate: Candidate) -> Built:
    """The call of an intent without its body, for settling what was not sent now."""
    intent = candidate.intent
    call = WriteCall(
        str(intent.id),
        intent.target.object,
        intent.op,
        candidate.external_id,
        intent.reference,
        {},
        phase=intent.phase,
    )
    return Built(intent, call, intent.expected or {})


def mentioned_entities(candidates: Sequence[Candidate]) -> set[UUID]:
    """Every entity that a patch may refer to; for one look-up a round."""
    found: set[UUID] = set()
    for candidate in candidates:
        for value in (*candidate.intent.patch.values(), *candidate.entity_fields.values()):
            found.update(_references_in(value))
    return found


def _references_in(value: object) -> set[UUID]:
    if isinstance(value, str) and value.startswith(ENTITY_PREFIX):
        return {UUID(value.removeprefix(ENTITY_PREFIX))}
    if isinstance(value, list):
        return {found for line in value for cell in line.values() for found in _references_in(cell)}
    return set()


def build_round(
    candidates: Sequence[Candidate], mappings: Mapping[str, ObjectMapping], parents: Parents
) -> Round:
    """Sort the candidates of a round into calls, nothing left, waiting."""
    result = Round()
    for candidate in candidates:
        try:
            changed = _left_to_write(candidate, mappings[candidate.intent.target.object])
            if changed:
                result.built.append(build_call(candidate, changed, mappings, parents))
            else:
                result.nothing_left.append(candidate.intent.id)
        except ParentMissing as missing:
            result.waiting.append((candidate.intent.id, missing.key))
        except PermanentError as error:  # no mapping of these values: a person looks at it
            result.refused.append((bare_call(candidate), error))
        except Exception as error:  # the runner of intents: one that cannot be built stops no other
            bug = PermanentError(f"unexpected {type(error).__qualname__}", error_class="bug")
            bug.__cause__ = error
            result.refused.append((bare_call(candidate), bug))
    return result


def _left_to_write(candidate: Candidate, mapping: ObjectMapping) -> list[str]:
    """Fields the next call carries: those without a phase first, then one phase alone."""
    intent = candidate.intent
    if intent.op == "create":
        has_ended = candidate.entity_fields.get("state") in _ENDED
        return [] if candidate.external_id is not None or has_ended else list(intent.patch)
    if candidate.external_id is None:
        return []
    passed = _passed(candidate, mapping)
    open_fields = [
        path
        for path, value in intent.patch.items()
        if candidate.shadow.get(path) != value and path not in passed
    ]
    plain = [path for path in open_fields if mapping.phase_of(path) is None]
    if plain or not open_fields:
        return plain
    phase = mapping.phase_of(open_fields[0])
    return [path for path in open_fields if mapping.phase_of(path) == phase]


def _passed(candidate: Candidate, mapping: ObjectMapping) -> set[str]:
    """Fields in which the entity has moved on: the update was sent, came back into the queue, and its side
    has said something newer. What a person accepted is written as accepted."""
    patch, entity = candidate.intent.patch, candidate.entity_fields
    if candidate.intent.released_by is not None or not candidate.intent.attempt:
        return set()
    said = candidate.shadow | mapping.expected(entity, creating=False, known=candidate.shadow)
    return {path for path, value in patch.items() if path in entity and said.get(path) != value}


def build_call(
    candidate: Candidate, changed: Sequence[str], mappings: Mapping[str, ObjectMapping], parents: Parents
) -> Built:
    """The call that carries the `changed` fields of an intent; ParentMissing when one has no counterpart."""
    intent = candidate.intent
    mapping = mappings[intent.target.object]
    creating = intent.op == "create"
    body = mapping.write(
        {**candidate.entity_fields, **intent.patch},
        changed,
        creating=creating,
        reference=intent.reference,
        resolve=lambda name: parents.resolve(name, intent),
        lookup=parents.lookup,
        name_attempt=intent.name_attempt,
    )
    call = WriteCall(
        str(intent.id),
        intent.target.object,
        intent.op,
        candidate.external_id,
        intent.reference,
        body,
        phase=None if creating else mapping.phase_of(changed[0]),
        unmodified_since=None if creating else candidate.known_at,
    )
    return Built(intent, call, {path: intent.patch[path] for path in changed})
