"""Loader, step 2 of 3: settles what vendors answered, many answers in one transaction.

In: Built calls with their answers    Out: intent states, crosswalk, shadow, woken children, records
through the outbox: the vendor's answer (back on the road as a source record), results, dead letters

An applied write sets the shadow to what was sent; the answer's own observation corrects it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from twinledger.connectors.base.contract import Applied, NotApplied, UnknownOutcome, WriteAnswer
from twinledger.kernel.database import Connection
from twinledger.kernel.errors import ErrorClass, PermanentError, TransientError, TwinledgerError
from twinledger.loader.steps.build_calls import Built
from twinledger.loader.steps.feed_back import FeedBack
from twinledger.road import outbox
from twinledger.road.broker import OutRecord
from twinledger.road.parking import wake
from twinledger.state.budgets import close_group
from twinledger.state.crosswalk import bind, rows_of_keys, sides_of_targets
from twinledger.state.entities import hold_entities
from twinledger.state.history import save_reviews
from twinledger.state.intent_outcomes import (
    carry_on,
    confirm,
    mark_unknown,
    next_name,
    postpone,
    reject,
    unsettled,
)
from twinledger.state.intents import wake_waiting
from twinledger.state.lost_creates import settle_lost_creates
from twinledger.state.records import CrosswalkRow, ExternalKey, Fields, Intent, Marks, Review, Shadow, Target
from twinledger.state.shadows import load_shadows_of, save_shadows

__all__ = ["LADDER_S", "Answered", "Settler"]

LADDER_S = (1.0, 5.0, 30.0, 120.0, 600.0)
SYSTEM_WIDE: frozenset[ErrorClass] = frozenset({"rate_limited", "day_cap", "concurrency", "auth_expired"})
ENDLESS: frozenset[ErrorClass] = frozenset({"network", "target_down"})
"""Downtime of a target dead-letters nothing: the intents wait on the last step."""
GRANT_LOOK_S = 5.0
"""The grant is gone: nothing is wrong with the write, it waits for a person to connect again."""
UNTOLD_S = 1.0
"""A system that says "slower" and not for how long."""
MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Answered:
    """A call and what came of it."""

    built: Built
    answer: WriteAnswer


@dataclass(frozen=True, slots=True)
class Settler:
    """Turns answers into state."""

    feed_back: FeedBack
    renamable: frozenset[str]
    """Objects whose names have other forms."""

    async def settle(self, connection: Connection, answered: Sequence[Answered], now: datetime) -> None:
        """Inside one transaction of the caller; entity rows are locked first, in id order."""
        await hold_entities(connection, {a.built.intent.target.entity_id for a in answered})
        applied = [(a.built, a.answer) for a in answered if isinstance(a.answer, Applied)]
        records = await self._applied(connection, applied)
        for one in answered:
            if isinstance(one.answer, NotApplied):
                records += await self._not_applied(connection, one.built, one.answer.error, now)
            elif isinstance(one.answer, UnknownOutcome):
                answer = one.answer
                await mark_unknown(connection, one.built.intent, answer.error_class, answer.reason)
        await outbox.append(connection, records)

    async def _applied(
        self, connection: Connection, applied: Sequence[tuple[Built, Applied]]
    ) -> list[OutRecord]:
        if not applied:
            return []
        sides = await sides_of_targets(connection, {built.intent.target for built, _ in applied})
        kept = await self._without_foreign(connection, applied, sides)
        rows = [_row(built, answer) for built, answer in kept]
        await bind(connection, [row for row in rows if row.target not in sides])
        ids = {built.intent.id for built, _ in kept}
        # An answer that its echo has overtaken says nothing of the side as it is now.
        news = await unsettled(connection, ids)
        known = await load_shadows_of(connection, {built.intent.target for built, _ in kept})
        met = {built.intent.id for built, _ in kept if _was_read_meanwhile(built.intent, known)}
        raised = [one for one in kept if one[0].intent.id in news]
        await carry_on(connection, await self._raise_shadows(connection, raised, known))
        made = {built.intent.target for built, _ in kept if built.intent.op == "create"}
        await settle_lost_creates(connection, made)
        since = await confirm(connection, [(built.intent.id, answer.external_id) for built, answer in kept])
        await wake(connection, [row.key.text() for row in rows])
        await wake_waiting(connection, [f"entity:{row.entity_id}@{row.key.object}" for row in rows])
        return self.feed_back.applied([(built.intent, answer) for built, answer in kept], news, met, since)

    async def _without_foreign(
        self,
        connection: Connection,
        applied: Sequence[tuple[Built, Applied]],
        sides: Mapping[Target, CrosswalkRow],
    ) -> list[tuple[Built, Applied]]:
        """The record may belong to another entity, or its place be taken by one that a person made while
        ours was on its way: both stay, linked to nothing, and a person is asked."""
        kept: list[tuple[Built, Applied]] = []
        for workspace in {built.intent.workspace for built, _ in applied}:
            part = [(b, a) for b, a in applied if b.intent.workspace == workspace]
            keys = [_row(built, answer).key for built, answer in part]
            taken = {row.key: row for row in await rows_of_keys(connection, workspace, keys)}
            for built, answer in part:
                wanted = _row(built, answer)
                row = taken.get(wanted.key)
                if row is None or row.status == "orphan" or row.entity_id == wanted.entity_id:
                    row = sides.get(built.intent.target)
                if row is None or _is_free(wanted, row, built.intent):
                    kept.append((built, answer))
                    continue
                await bind(connection, [replace(wanted, status="orphan")])
                await reject(connection, built.intent, "duplicate", "another record stands in its place")
                await save_reviews(connection, [_foreign(wanted, row, built)])
        return kept

    async def _raise_shadows(
        self,
        connection: Connection,
        applied: Sequence[tuple[Built, Applied]],
        known: dict[Target, Shadow],
    ) -> list[UUID]:
        """Returns the updates of which a part is still to be written."""
        for built, answer in applied:
            target = built.intent.target
            shadow = known.get(target) or Shadow(
                target, answer.external_id, {}, {}, None, None, answer.ended_at
            )
            shadow.external_id = answer.external_id
            shadow.fields.update(built.expected)
            shadow.bases.update({path: built.intent.bases[path] for path in built.expected})
            shadow.content_hash = None
            # An answer without a stamp names no version: what was saved since the known one is still unheard.
            shadow.vendor_updated_at = answer.updated_at or shadow.vendor_updated_at
            shadow.read_started_at = max(shadow.read_started_at, answer.ended_at)
            shadow.revision += 1
            shadow.marks = _written(shadow.marks, built.expected)
            known[target] = shadow
        await save_shadows(
            connection, [known[target] for target in {built.intent.target for built, _ in applied}]
        )
        return [
            built.intent.id
            for built, _ in applied
            if built.intent.op == "update"
            and any(known[built.intent.target].fields.get(p) != v for p, v in built.intent.patch.items())
        ]

    async def _not_applied(
        self, connection: Connection, built: Built, error: TwinledgerError, now: datetime
    ) -> list[OutRecord]:
        intent = built.intent
        if isinstance(error, TransientError):
            exhausted = intent.failures >= len(LADDER_S) and error.error_class not in ENDLESS | SYSTEM_WIDE
            if not exhausted:
                await self._wait(connection, built, error)
                return self._look(built, error)
        if _may_have_ended(intent, error):
            missing = TransientError(str(error), error_class="conflict")
            await self._wait(connection, built, missing)
            return self._look(built, missing)
        if isinstance(error, PermanentError) and error.error_class == "grant_revoked":
            gone = TransientError(str(error), error_class="auth_expired")
            await postpone(connection, intent, GRANT_LOOK_S, gone, step=False)
            return []
        if self._has_other_name(built, error):
            await next_name(connection, intent)
            return []
        error_class = error.error_class if isinstance(error, TransientError | PermanentError) else "bug"
        if not await reject(connection, intent, error_class, str(error)):
            return []
        return [
            *self.feed_back.rejected(intent, error, now),
            *await self.feed_back.dead_letter(connection, intent, error, now),
        ]

    def _look(self, built: Built, error: TransientError) -> list[OutRecord]:
        external_id = built.call.external_id
        if error.error_class != "conflict" or external_id is None:
            return []
        return self.feed_back.looks([(built.intent, external_id)])

    def _has_other_name(self, built: Built, error: TwinledgerError) -> bool:
        """A collision of a name the vendor wants unique is no person's question."""
        collides = isinstance(error, PermanentError) and error.error_class == "duplicate"
        return (
            collides
            and getattr(error, "external_id", None) is None
            and built.intent.target.object in self.renamable
            and built.intent.name_attempt < MOST_NAMES
        )

    async def _wait(self, connection: Connection, built: Built, error: TransientError) -> None:
        intent = built.intent
        if error.error_class in SYSTEM_WIDE:
            wait_s = error.retry_after_s if error.retry_after_s is not None else UNTOLD_S
            await postpone(connection, intent, wait_s, error, step=False)
            if error.error_class in ("rate_limited", "day_cap"):
                await close_group(connection, intent.workspace, intent.budget_group, wait_s or 1.0)
            return
        step = min(intent.failures, len(LADDER_S) - 1)
        await postpone(connection, intent, error.retry_after_s or LADDER_S[step], error, step=True)


def _was_read_meanwhile(intent: Intent, known: Mapping[Target, Shadow]) -> bool:
    """A read that began after the write had left was taken in: it may show what was typed over the write."""
    shadow = known.get(intent.target)
    return shadow is not None and intent.sent_at is not None and shadow.read_started_at > intent.sent_at


def _may_have_ended(intent: Intent, error: TwinledgerError) -> bool:
    """There is no such record any more: enrich judges its end, and what was to be written there with it.
    One that cannot be read either way is refused after the last step."""
    is_gone = isinstance(error, PermanentError) and error.error_class == "gone"
    return is_gone and intent.op == "update" and intent.failures < len(LADDER_S)


def _written(marks: Marks, sent: Fields) -> Marks:
    """Not seen since: the next observation tells what the target made of these values."""
    mangled = {path: value for path, value in marks.mangled.items() if path not in sent}
    return replace(marks, unseen=sorted({*marks.unseen, *sent}), mangled=mangled)


def _row(built: Built, answer: Applied) -> CrosswalkRow:
    target = built.intent.target
    key = ExternalKey(target.object, answer.external_id)
    return CrosswalkRow(built.intent.workspace, key, target.entity_id, target.role)


def _is_free(wanted: CrosswalkRow, row: CrosswalkRow, intent: Intent) -> bool:
    """It is the very record, and no other entity's: an update may end after a person moved its record."""
    return row.key == wanted.key and (row.entity_id == wanted.entity_id or intent.op == "update")


def _foreign(wanted: CrosswalkRow, row: CrosswalkRow, built: Built) -> Review:
    evidence = {
        "entity": str(wanted.entity_id),
        "linked": row.key.text(),
        "linked_to": str(row.entity_id),
        "intent": str(built.intent.id),
    }
    return Review(wanted.workspace, "duplicate", wanted.key.text(), evidence)
