"""Loader, step 3 of 3: finds out what became of a write whose answer never came.

In: intents UNKNOWN for longer than D    Out: adopted (found), sent again (proved absent), or looked for again

Nothing is sent blindly: a create is looked for by its reference, an update by reading the record.
Only a create that is an upsert by reference may simply be repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from twinledger.connectors.base.contract import (
    Applied,
    CallPermit,
    NotApplied,
    Sink,
    Source,
    SourceDocument,
    WriteAnswer,
)
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection, Pool, transaction
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.loader.steps.build_calls import ParentMissing, bare_call, build_call
from twinledger.loader.steps.load_parents import ParentLoader
from twinledger.loader.steps.settle import Answered, Settler
from twinledger.mapping.document import decode
from twinledger.mapping.lens import ObjectMapping
from twinledger.road import outbox
from twinledger.state.crosswalk import sides_of_targets
from twinledger.state.entities import hold_entities
from twinledger.state.history import save_reviews
from twinledger.state.intent_outcomes import Lost, look_again, postpone, unsettled
from twinledger.state.landed import has_landed
from twinledger.state.lost_creates import note_lost_create, settle_lost_creates
from twinledger.state.records import LateWrite, Review, Target, system_of
from twinledger.state.shadows import hold_target, take_looks

__all__ = ["ResolverTimes", "UnknownResolver"]


@dataclass(frozen=True, slots=True)
class ResolverTimes:
    """D: lag until a write can be found. T_max: no request runs later than that at a vendor.

    After `upsert_blind` even an upsert looks first: a person may have edited the record.
    """

    find_lag: timedelta = timedelta(seconds=5)
    latest_run: timedelta = timedelta(seconds=120)
    upsert_blind: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class UnknownResolver:
    """Resolves one lost write at a time."""

    pool: Pool
    sinks: Mapping[str, Sink]
    sources: Mapping[str, Source]
    mappings: Mapping[str, ObjectMapping]
    parents: ParentLoader
    settler: Settler
    permits: Mapping[str, CallPermit]
    times: ResolverTimes
    clock: Clock

    async def resolve(self, lost: Lost) -> None:
        """One lost write, one verdict."""
        intent = lost.candidate.intent
        if intent.op == "update" or lost.candidate.external_id is not None:
            await self._resolve_update(lost)
            return
        sink = self.sinks[system_of(intent.target.object)]
        resend_is_safe = sink.resend_is_safe.get(intent.target.object, False)
        if resend_is_safe and lost.age < self.times.upsert_blind and not lost.must_look:
            await self._create_again(lost, seen_absent=False)
            return
        try:
            found = await self._probe(sink, lost)
        except ParentMissing:
            if not lost.must_look:
                raise
            await self._let_go(lost)
            return
        if found:
            await self._adopt(lost, found)
        elif resend_is_safe or lost.age > self.times.latest_run:
            await self._create_again(lost, seen_absent=True)
        else:
            await self.look_again(lost)

    async def look_after_late(self, workspace: str) -> None:
        """Whatever ran late is there by now: once that is seen, every difference is somebody's edit."""
        async with transaction(self.pool) as connection:
            due = await take_looks(connection, workspace)
            await outbox.append(connection, self.settler.feed_back.look_at(workspace, due))

    async def _probe(self, sink: Sink, lost: Lost) -> Sequence[SourceDocument]:
        intent = lost.candidate.intent
        permit = self.permits[system_of(intent.target.object)]
        async with transaction(self.pool) as connection:
            parents = await self.parents.load(connection, [lost.candidate])
        body = build_call(lost.candidate, list(intent.patch), self.mappings, parents).call.body
        failpoint("sink.probe.before")
        found = await sink.probe(intent.target.object, intent.reference or "", body, permit)
        failpoint("sink.probe.after")
        return sorted(found, key=lambda document: document.external_id.zfill(24))

    async def _adopt(self, lost: Lost, found: Sequence[SourceDocument]) -> None:
        """The oldest is ours; more than one is a question for a person."""
        intent = lost.candidate.intent
        if len(found) > 1:
            ids = [document.external_id for document in found]
            evidence = {"reference": intent.reference, "kept": ids[0], "rest": ids[1:]}
            subject = f"{intent.target.object}/{ids[0]}"
            review = Review(intent.workspace, "two_records_for_one_reference", subject, evidence)
            async with transaction(self.pool) as connection:
                await save_reviews(connection, [review])
        await self._settle(lost, Applied(found[0].external_id, found[0].read_started_at, found[0].document))

    async def _settle(self, lost: Lost, answer: WriteAnswer) -> None:
        async with transaction(self.pool) as connection:
            await self.settler.settle(
                connection, [Answered(bare_call(lost.candidate), answer)], self.clock.now()
            )

    async def _resolve_update(self, lost: Lost) -> None:
        intent = lost.candidate.intent
        external_id = lost.candidate.external_id
        if external_id is None:
            await self._send_again(lost, (), hold=False)
            return
        system = system_of(intent.target.object)
        read = await self.sources[system].read(intent.target.object, [external_id], self.permits[system])
        if any(document.gone for document in read.documents):
            await self._settle(lost, NotApplied(PermanentError("the record is gone", error_class="gone")))
        elif read.documents and self._shows(lost, read.documents[0]):
            await self._adopt(lost, read.documents[:1])
        else:
            await self._send_again(lost, read.documents, hold=True)

    def _shows(self, lost: Lost, document: SourceDocument) -> bool:
        """All that was sent, or what tells that it landed and the rest was typed over: sending it again would
        undo that. Where nothing can be compared it is sent again: the version it names is looked at."""
        mapping = self.mappings[document.object]
        shown = mapping.read(decode(document.document)).fields
        expected = lost.candidate.intent.expected or {}
        plain = {path: value for path, value in expected.items() if not _is_reference(value)}
        if len(plain) == len(expected) and all(shown.get(path) == value for path, value in plain.items()):
            return True
        return has_landed(shown, plain, lost.candidate.shadow)

    async def _create_again(self, lost: Lost, *, seen_absent: bool) -> None:
        """Same reference, same values; kept in mind until a create of this side is answered, unless nothing
        is there and nothing can come any more."""
        intent, late = lost.candidate.intent, self._late(lost)
        blind = self.times.upsert_blind - (timedelta(0) if seen_absent else lost.age)
        async with self._put_back(lost) as connection:
            if not await unsettled(connection, [intent.id]):
                return
            if await _has_side(connection, intent.target):
                await hold_target(connection, intent.target, late)
            elif seen_absent and lost.age > self.times.latest_run:
                await settle_lost_creates(connection, [intent.target])
            else:
                seconds = blind.total_seconds()
                await note_lost_create(connection, intent, late, seconds, seen_absent=seen_absent)

    async def _let_go(self, lost: Lost) -> None:
        """What it refers to has left this side: nobody can build it, so nobody can look for it."""
        async with self._put_back(lost) as connection:
            await settle_lost_creates(connection, [lost.candidate.intent.target])

    async def _send_again(self, lost: Lost, seen: Sequence[SourceDocument], *, hold: bool) -> None:
        """Same values. Held: the lost call may run late and put an old value back, and go over an edit that
        nobody but we have `seen`."""
        intent = lost.candidate.intent
        async with self._put_back(lost) as connection:
            if hold:
                await hold_target(connection, intent.target, self._late(lost))
            await outbox.append(connection, [self.settler.feed_back.seen(intent, one) for one in seen])

    @asynccontextmanager
    async def _put_back(self, lost: Lost) -> AsyncIterator[Connection]:
        """Planned again, with what the caller notes of it."""
        intent = lost.candidate.intent
        error = TransientError("outcome unknown, not found", error_class="network", sent=True)
        async with transaction(self.pool) as connection:
            await hold_entities(connection, [intent.target.entity_id])
            yield connection
            await postpone(connection, intent, 0.0, error, step=False)

    def _late(self, lost: Lost) -> LateWrite:
        intent = lost.candidate.intent
        until = self.clock.now() - lost.age + self.times.latest_run
        return LateWrite(until, {**(intent.carried or {}), **(intent.expected or {})}, intent.bases)

    async def look_again(self, lost: Lost) -> None:
        """Not now: it was not found, or could not be looked for."""
        async with transaction(self.pool) as connection:
            await look_again(connection, lost.candidate.intent, self.times.find_lag.total_seconds())


async def _has_side(connection: Connection, target: Target) -> bool:
    """Seen meanwhile, with other values than were sent. The caller holds the entity's lock."""
    return target in await sides_of_targets(connection, [target])


def _is_reference(value: object) -> bool:
    """References are compared by enrich, which knows the crosswalk; here they only say what was meant."""
    if isinstance(value, list):
        return True
    return isinstance(value, str) and value.startswith("entity:")
