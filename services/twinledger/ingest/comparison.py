"""Ingest, jobs: compares every record of one side with what the sync holds, inside the verify lane.

Page by page through each object. A row whose version is the one we read last is compared by what we read
then, unless everything is to be read (`full`). What shows something new is hinted at, so that it is taken
in as if it had been announced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from twinledger.connectors.base.contract import Page, SourceDocument
from twinledger.ingest.backfill import Reach
from twinledger.ingest.jobs import Save
from twinledger.ingest.steps.compare_record import differences, mentioned, resolved, why_differs
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection, Pool, transaction
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.metrics import COMPARED, DRIFT, LEDGER_UNEQUAL
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.document import decode
from twinledger.mapping.entity_model import EntityModel
from twinledger.mapping.ledgers import ledger_objects
from twinledger.state.crosswalk import rows_of_keys
from twinledger.state.drift import (
    Compared,
    drift_counts,
    forget_seen,
    forget_unmet,
    homeless,
    note_seen,
    open_writes,
    save_compared,
    unseen,
)
from twinledger.state.due_reads import NotedHint, announce, note_hints
from twinledger.state.entities import load_entities
from twinledger.state.identity import entities_by_match_key
from twinledger.state.jobs import Job
from twinledger.state.ledgers import unequal_by_currency
from twinledger.state.plans import sides_held
from twinledger.state.records import CrosswalkRow, Entity, ExternalKey, Fields, Shadow, Target, system_of
from twinledger.state.shadows import load_shadows

__all__ = ["Comparison"]

_NOWHERE = -1
"""A hint of our own has no place in a topic."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one record says now; `fields` None: nobody can read it, `why` tells."""

    external_id: str
    fields: Fields | None
    gone: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """What the sync holds of the records of a page."""

    rows: Mapping[ExternalKey, CrosswalkRow]
    entities: Mapping[UUID, Entity]
    shadows: Mapping[Target, Shadow]
    names: Mapping[str, str]
    writes: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`reach` by object, parents before children."""

    workspace: str
    pool: Pool
    clock: Clock
    definitions: Definitions
    models: Mapping[str, EntityModel]
    reach: Mapping[str, Reach]

    async def expected(self, job: Job) -> int | None:
        async with self.pool.acquire() as connection:
            held = await sides_held(connection, self.workspace)
        return sum(held.get(name, 0) for name in self.reach) or None

    async def run(self, job: Job, save: Save) -> None:
        """Every object that a rule keeps in step."""
        objects = list(self.reach)
        first = objects.index(job.cursor["object"]) if job.cursor.get("object") in objects else 0
        page: str | None = job.cursor.get("page")
        for place in range(first, len(objects)):
            await self._walk(job, objects[place], page, save)
            page = None
            following = objects[place + 1 : place + 2]
            await save({"object": following[0], "page": None} if following else dict(job.cursor), 0)
        await self._report()

    async def _walk(self, job: Job, name: str, page: str | None, save: Save) -> None:
        reach = self.reach[name]
        while True:
            answer = await reach.source.changed_since(name, None, page, reach.permit)
            seen = await self._seen(name, answer, full=bool(job.params.get("full")))
            async with transaction(self.pool) as connection:
                await self._compare(connection, name, seen)
                await note_seen(connection, job.id, [one.external_id for one in seen])
            page = answer.next_page
            if page is None:
                break
            await save({"object": name, "page": page}, len(seen))
        await self._what_no_list_showed(job, name)
        await save({"object": name, "page": None}, len(seen))

    async def _seen(self, name: str, page: Page, *, full: bool) -> list[_Seen]:
        """What the page says; rows that only name a record are read, or known from the last read."""
        seen = [self._read(document) for document in page.documents]
        known = {} if full else await self._known(name, page.ids_to_read)
        seen += [_Seen(external_id, fields) for external_id, fields in known.items()]
        unknown = [external_id for external_id, _ in page.ids_to_read if external_id not in known]
        seen += await self._read_singly(name, unknown)
        return [one for one in seen if one.fields is not None or one.why]

    async def _read_singly(self, name: str, ids: Sequence[str]) -> list[_Seen]:
        reach = self.reach[name]
        some = reach.ids_at_once(name)
        seen = []
        for start in range(0, len(ids), some):
            wanted = ids[start : start + some]
            read = await reach.source.read(name, wanted, reach.permit)
            found = {document.external_id: self._read(document) for document in read.documents}
            seen += [found.get(one, _Seen(one, {}, gone=True)) for one in wanted]
        return seen

    def _read(self, document: SourceDocument) -> _Seen:
        mapping = self.definitions.mappings[document.object]
        if document.gone:
            return _Seen(document.external_id, {}, gone=True)
        try:
            record = decode(document.document)
            if not mapping.accepts(record):
                return _Seen(document.external_id, None)
            return _Seen(document.external_id, mapping.read(record).fields)
        except PermanentError as error:
            return _Seen(document.external_id, None, why=f"its mapping refuses it: {error}")

    async def _known(self, name: str, rows: Sequence[tuple[str, datetime | None]]) -> dict[str, Fields]:
        """By id what we read last, where the version is still that."""
        stamps = {external_id: at for external_id, at in rows if at is not None}
        async with self.pool.acquire() as connection:
            keys = [ExternalKey(name, external_id) for external_id in stamps]
            linked = await rows_of_keys(connection, self.workspace, keys)
            shadows = await load_shadows(connection, {row.entity_id for row in linked})
        return {
            shadow.external_id: shadow.fields
            for shadow in shadows.values()
            if shadow.target.object == name
            and shadow.content_hash is not None
            and stamps.get(shadow.external_id) == shadow.vendor_updated_at
        }

    async def _compare(self, connection: Connection, name: str, seen: Sequence[_Seen]) -> None:
        held = await self._held(connection, name, seen)
        found, news = [], []
        for one in seen:
            compared, is_news = self._judge(name, one, held)
            found.append(compared)
            news += [one.external_id] if is_news else []
        await save_compared(connection, self.workspace, found)
        await self._hint(connection, name, news)
        for compared in found:
            COMPARED.labels(system_of(name), compared.entity_type, compared.result).inc()

    async def _held(self, connection: Connection, name: str, seen: Sequence[_Seen]) -> _Held:
        refs = self.models[self.definitions.mappings[name].entity].refs
        said = {value for one in seen for value in mentioned(one.fields or {}, refs)}
        keys = [ExternalKey(name, one.external_id) for one in seen]
        named = [ExternalKey(*value.split("/", 1)) for value in said if "?" not in value and "/" in value]
        rows = await rows_of_keys(connection, self.workspace, [*keys, *named])
        names = {row.key.text(): f"entity:{row.entity_id}" for row in rows if row.status == "active"}
        natural = await entities_by_match_key(connection, self.workspace, said - names.keys())
        names |= {key: f"entity:{min(ids)}" for key, ids in natural.items()}
        by_key = {row.key: row for row in rows if row.status == "active"}
        ids = [by_key[key].entity_id for key in keys if key in by_key]
        return _Held(
            by_key,
            await load_entities(connection, ids),
            await load_shadows(connection, ids),
            names,
            await open_writes(connection, ids, name),
        )

    def _judge(self, name: str, seen: _Seen, held: _Held) -> tuple[Compared, bool]:
        """The result, and whether the record shows something that was not taken in."""
        mapping = self.definitions.mappings[name]
        row = held.rows.get(ExternalKey(name, seen.external_id))
        if row is None:
            why = seen.why or "linked to nothing: in question, or left out"
            return Compared(name, seen.external_id, mapping.entity, None, "missing", {}, why), not seen.why
        about = (name, seen.external_id, mapping.entity, row.entity_id)
        if seen.gone:
            return Compared(*about, "missing", {}, "the vendor has it no longer"), True
        if seen.fields is None:
            return Compared(*about, "differs", {}, seen.why), False
        refs = self.models[mapping.entity].refs
        read = resolved(seen.fields, refs, held.names)
        shadow = held.shadows.get(Target(row.entity_id, name, row.role))
        others = [
            s
            for s in held.shadows.values()
            if s.target.entity_id == row.entity_id and s.target.object != name
        ]
        entity = held.entities[row.entity_id]
        rule = self.definitions.sync_rules[mapping.entity]
        try:
            found = differences(read, entity, mapping, rule, self.models[mapping.entity], shadow, others)
        except PermanentError as error:
            return Compared(*about, "differs", {}, f"its mapping refuses it: {error}"), False
        is_news = shadow is None or any(shadow.fields.get(path) != value for path, value in read.items())
        if not found:
            return Compared(*about, "equal"), is_news
        write = held.writes.get(row.entity_id)
        why = "changed there, not taken in yet" if is_news else why_differs(found, entity, shadow, write)
        return Compared(*about, "differs", found, why), is_news

    async def _hint(self, connection: Connection, name: str, ids: Sequence[str]) -> None:
        at = self.clock.now()
        hints = [NotedHint(self.workspace, name, one, "verify", at, _NOWHERE, _NOWHERE) for one in ids]
        await note_hints(connection, hints)
        await announce(connection, {(self.workspace, name)} if ids else set())

    async def _what_no_list_showed(self, job: Job, name: str) -> None:
        """Linked records that are in no list are asked for singly; entities that lack this side are named."""
        async with self.pool.acquire() as connection:
            left = await unseen(connection, self.workspace, name, job.id)
        seen = await self._read_singly(name, left)
        async with transaction(self.pool) as connection:
            await self._compare(connection, name, [one for one in seen if one.fields is not None or one.why])
            await note_seen(connection, job.id, left)
            lacking = await self._lacking(connection, name)
            keep = [one.external_id for one in lacking]
            await forget_unmet(connection, self.workspace, name, job.id, keep)
            await save_compared(connection, self.workspace, lacking)
            for one in lacking:
                COMPARED.labels(system_of(name), one.entity_type, one.result).inc()
            await forget_seen(connection, job.id)

    async def _lacking(self, connection: Connection, name: str) -> list[Compared]:
        entity_type = self.definitions.mappings[name].entity
        rule = self.definitions.sync_rules[entity_type]
        found = await homeless(connection, self.workspace, entity_type, name)
        wanted = [one for one in found if name in rule.targets(one.fields) and rule.systems[name].create]
        writes = await open_writes(connection, [one.entity_id for one in wanted], name)
        keys = [f"entity:{one.entity_id}" for one in wanted]
        return [
            Compared(
                name,
                key,
                entity_type,
                one.entity_id,
                "missing",
                {},
                writes.get(one.entity_id, "never made there"),
            )
            for key, one in zip(keys, wanted, strict=True)
        ]

    async def _report(self) -> None:
        async with self.pool.acquire() as connection:
            counts = await drift_counts(connection, self.workspace)
            ledgers = ledger_objects(self.definitions, self.models)
            unequal = await unequal_by_currency(connection, self.workspace, ledgers)
        for entity in self.definitions.sync_rules:
            DRIFT.labels(self.workspace, entity).set(counts.get(entity, 0))
        for currency, count in unequal.items():
            LEDGER_UNEQUAL.labels(self.workspace, currency).set(count)
