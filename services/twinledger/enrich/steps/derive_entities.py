"""Enrich, step 5 of 6: flows. One entity gives rise to others, each exactly once, ever.

In: Entity that took part in the batch    Out: the entities it gave rise to now, new in memory, and
drafts that follow its change; a question where it no longer fits what was made of it

The derived id follows from flow, trigger and part, and the derivation is stored with it: however often
and in whatever order the trigger is seen there is one document.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from twinledger.enrich.observed import BatchState
from twinledger.enrich.steps.ask_about_trigger import (
    FAILED,
    UNDONE,
    ask,
    ask_why_failed,
    changed_kind,
    keep,
    settle,
    subject_of,
    writer_of,
)
from twinledger.kernel.ids import derived_id
from twinledger.mapping.errors import MappingError
from twinledger.mapping.flow import Document, Flow
from twinledger.mapping.matching.match_keys import match_keys
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.derivations import Derivation
from twinledger.state.history import AuditRow
from twinledger.state.records import Clock, Entity, Fields

__all__ = ["Deriver", "derived_entity_id"]

_CODE = 10
"""Characters of a trigger's short name: 50 bits of its id."""


def derived_entity_id(flow: Flow, source_id: UUID, part: str = "") -> UUID:
    """Identity of what `flow` makes of one source entity, or of one part of it."""
    return derived_id("flow", flow.name, str(source_id), *([part] if flow.splits else []))


@dataclass(frozen=True, slots=True)
class Deriver:
    """Runs every flow whose trigger an entity may be."""

    flows: Sequence[Flow]
    rules: Mapping[str, SyncRule]
    now: datetime

    def derive(self, source: Entity, state: BatchState) -> list[Entity]:
        """Entities that are new or changed by it."""
        touched: list[Entity] = []
        for flow in self.flows:
            if flow.on_entity != source.type:
                continue
            try:
                touched += self._run(flow, source, state)
                state.withdrawn.add((FAILED, subject_of(flow, source)))
            except MappingError as error:
                ask_why_failed(flow, source, error, state)
        return touched

    def _run(self, flow: Flow, source: Entity, state: BatchState) -> list[Entity]:
        of_source = [state.derivations[one] for one in state.derived_from.get(source.id, ())]
        made = [one for one in of_source if one.flow == flow.name]
        if made:
            return self._compare(flow, source, made, state)
        rivals = {other.name for other in self.flows if other.derives == flow.derives}
        if any(one.flow in rivals for one in of_source) or not flow.enabled(state.settings):
            return []  # another flow has billed it
        rule = self.rules[source.type]
        if rule.is_before(source.fields, state.settings.get("since")):
            return []
        if _is_gone(source, rule, state) or not flow.applies(source.fields):
            return []
        documents = _documents(flow, source.id, source.fields, state)
        return [self._make(flow, source, document, state) for document in documents]

    def _make(self, flow: Flow, source: Entity, document: Document, state: BatchState) -> Entity:
        entity_id = derived_entity_id(flow, source.id, document.part)
        origin = subject_of(flow, source) + (f"/{document.part}" if flow.splits else "")
        fields, clock = document.fields, Clock(1, writer_of(flow), self.now.isoformat())
        entity = Entity(
            entity_id,
            source.workspace,
            flow.derives,
            1,
            origin,
            fields,
            dict.fromkeys(fields, clock),
            definition=flow.definition,
            changed=True,
            is_new=True,
        )
        state.entities[entity_id] = entity
        basis = _read_by(flow, source.fields)
        state.add_derivation(
            Derivation(
                entity_id, source.id, state.workspace, flow.name, document.part, basis, None, changed=True
            )
        )
        state.rename(entity_id, [], match_keys(fields, self.rules[flow.derives]))
        return entity

    # --- what was made, and a trigger that changed ------------------------------------------------

    def _compare(
        self, flow: Flow, source: Entity, made: Sequence[Derivation], state: BatchState
    ) -> list[Entity]:
        gone = _is_gone(source, self.rules[source.type], state)
        basis = made[0].basis
        fields = _as_made_from(source.fields, basis or {}, state)
        now = _read_by(flow, fields) | ({"gone": True} if gone else {})
        if basis is None:  # from before the basis was kept: this is the best that is known
            keep(made, _read_by(flow, source.fields), None)
            return []
        if now == (made[0].asked or basis):
            return []
        if gone or not flow.applies(source.fields):
            ask(UNDONE, flow, source, made, now, state)
            return []
        before = _documents(flow, source.id, basis, state)
        after = _documents(flow, source.id, fields, state)
        if _owed(flow, before) == _owed(flow, after):
            _fits_again(flow, source, made, now, after, state)
            return []
        if flow.follows_drafts and _may_follow(flow, made, before, after, state):
            settle(flow, source, made, now, state)
            return self._follow(flow, before, after, source, state)
        ask(changed_kind(source), flow, source, made, now, state)
        return []

    def _follow(
        self,
        flow: Flow,
        before: Sequence[Document],
        after: Sequence[Document],
        source: Entity,
        state: BatchState,
    ) -> list[Entity]:
        """Drafts take over what the change changed, and nothing else."""
        followed = []
        for old, new in zip(before, after, strict=True):
            entity = state.entities[derived_entity_id(flow, source.id, new.part)]
            rule, known_by = self.rules[entity.type], match_keys(entity.fields, self.rules[entity.type])
            clock = Clock(entity.version + 1, writer_of(flow), self.now.isoformat())
            for name in _moved(old, new):
                old_value, value = entity.fields.get(name), new.fields[name]
                entity.set(name, value, clock)
                state.audit.append(
                    AuditRow(
                        state.workspace, entity.id, name, old_value, value, clock.writer, flow.definition
                    )
                )
            entity.version = clock.version
            state.rename(entity.id, known_by, match_keys(entity.fields, rule))
            followed.append(entity)
        return followed


def _documents(flow: Flow, source_id: UUID, fields: Fields, state: BatchState) -> list[Document]:
    code = base64.b32encode(source_id.bytes)[:_CODE].decode("ascii")
    return flow.derive(fields, state.settings, code)


def _read_by(flow: Flow, fields: Fields) -> Fields:
    return {name: fields[name] for name in sorted(flow.reads) if name in fields}


def _as_made_from(fields: Fields, basis: Fields, state: BatchState) -> Fields:
    """A customer who took the place of the one it was made from is no other customer."""
    now, before = fields.get("customer"), basis.get("customer")
    same = {(f"entity:{kept}", f"entity:{merged}") for _, kept, merged in state.graves.same_here}
    return {**fields, "customer": before} if (now, before) in same else fields


def _is_gone(source: Entity, rule: SyncRule, state: BatchState) -> bool:
    """The trigger was deleted wherever it was."""
    rows = [row for name in rule.systems if (row := state.side_of(source.id, name)) is not None]
    return bool(rows) and all(row.status == "deleted" for row in rows)


def _owed(flow: Flow, documents: Iterable[Document]) -> list[tuple[str, dict[str, Any]]]:
    """Who owes what: texts and dates of a document may differ from its trigger's by now."""
    return [
        (part, {name: value for name, value in fields.items() if name in flow.owed})
        for part, fields in documents
    ]


def _fits_again(
    flow: Flow,
    source: Entity,
    made: Sequence[Derivation],
    now: Fields,
    documents: Sequence[Document],
    state: BatchState,
) -> None:
    """A change was taken back: no question any more, unless a person had followed it by hand."""
    basis, asked = made[0].basis or {}, made[0].asked
    if asked is None:
        return
    if not _was_edited(flow, made, documents, state):
        settle(flow, source, made, basis, state)
    elif not _owes(flow, source, asked, documents, state):
        ask(changed_kind(source), flow, source, made, now, state, taken_back=True)


def _was_edited(
    flow: Flow, made: Sequence[Derivation], documents: Iterable[Document], state: BatchState
) -> bool:
    """Somebody else has set who owes what to other than these documents say, or has made one void."""
    owed = dict(_owed(flow, documents))
    for one in made:
        entity = state.entities[one.entity_id]
        differs = [name for name, value in owed.get(one.part, {}).items() if entity.fields.get(name) != value]
        if entity.fields.get("state") == "void" or any(
            entity.clocks[name].writer != writer_of(flow) for name in differs if name in entity.clocks
        ):
            return True
    return False


def _owes(
    flow: Flow, source: Entity, asked: Fields, documents: Iterable[Document], state: BatchState
) -> bool:
    """Was a person asked about a trigger that owes what these documents say?"""
    if "gone" in asked or not flow.applies(asked):
        return False
    return _owed(flow, _documents(flow, source.id, asked, state)) == _owed(flow, documents)


def _moved(old: Document, new: Document) -> list[str]:
    """State is the document's own: a draft stays one."""
    return [name for name, value in new.fields.items() if name != "state" and old.fields.get(name) != value]


def _may_follow(
    flow: Flow,
    made: Sequence[Derivation],
    before: Sequence[Document],
    after: Sequence[Document],
    state: BatchState,
) -> bool:
    """The same parts, all still drafts, and nobody else has set what would change."""
    if [one.part for one in before] != [one.part for one in after]:
        return False
    by_part = {one.part: state.entities[one.entity_id] for one in made}
    for old, new in zip(before, after, strict=True):
        entity = by_part.get(new.part)
        if entity is None or entity.fields.get("state") != "draft" or not _is_draft_at(flow, entity, state):
            return False
        clocks = [entity.clocks[name].writer for name in _moved(old, new) if name in entity.clocks]
        if any(writer != writer_of(flow) for writer in clocks):
            return False
    return True


def _is_draft_at(flow: Flow, entity: Entity, state: BatchState) -> bool:
    shadows = (shadow for target, shadow in state.shadows.items() if target.entity_id == entity.id)
    return all(shadow.fields.get("state", "draft") == "draft" for shadow in shadows)
