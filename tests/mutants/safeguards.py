"""Mutants: the safeguards: the passage that is one, what stands there instead, and who must notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SAFEGUARDS", "Safeguard"]

_ENRICH = "tests/integration/enrich/"
_LOADER = "tests/integration/loader/"
_ROAD = "tests/integration/road/"
_STATE = "tests/integration/state/"
_STEPS = "tests/unit/enrich/steps/"
_BASE = "tests/unit/connectors/base/"
_RACED = (
    "    if shadow.content_hash is None and read_started_at < shadow.read_started_at:\n        return True\n"
)
_MIGRATIONS = ("twinledger.kernel.database", 'path.read_text(encoding="utf-8")')


@dataclass(frozen=True, slots=True)
class Safeguard:
    """`module` holds `passage` once."""

    name: str
    tests: Sequence[str]
    module: str
    passage: str
    instead: str


def _sql(name: str, test: str, passage: str, instead: str) -> Safeguard:
    """One that is in the migrations, weakened as they are read."""
    module, read = _MIGRATIONS
    return Safeguard(name, [test], module, read, f"{read}.replace({passage!r}, {instead!r})")


_ONCE_ONLY = (
    Safeguard(
        "stale words of what ended",
        [f"{_ENRICH}test_ends.py"],
        "twinledger.enrich.steps.bury_record",
        'if row is not None and row.status in ("merged_into", "deleted") and not ends:',
        "if False:",
    ),
    Safeguard(
        "marks of a former life",
        [f"{_LOADER}test_loader.py"],
        "twinledger.state.intent_outcomes",
        "and (owner = $1 or sent_at",
        "and (owner <> $1 or sent_at",
    ),
    Safeguard(
        "reference",
        [f"{_LOADER}test_loader.py"],
        "twinledger.enrich.steps.plan_writes",
        "            reference=mark,\n",
        "",
    ),
    Safeguard(
        "T_max",
        [f"{_LOADER}test_loader.py"],
        "twinledger.loader.steps.resolve_unknown",
        "elif lost.age > self.times.latest_run or",
        "elif True or",
    ),
    Safeguard(
        "adopt after comparing",
        [f"{_LOADER}test_loader.py"],
        "twinledger.loader.steps.resolve_unknown",
        "elif read.documents and self._shows(lost, read.documents[0]):",
        "elif read.documents:",
    ),
    Safeguard(
        "a part tells that it landed",
        [f"{_LOADER}test_loader.py"],
        "twinledger.loader.steps.resolve_unknown",
        "return len(landed) == len(plain) or any(before.get(path) != plain[path] for path in landed)",
        "return len(landed) == len(plain)",
    ),
    Safeguard(
        "a place of its own",
        [f"{_LOADER}test_loader.py"],
        "twinledger.loader.steps.settle",
        "if row is None or row.key == wanted.key:",
        "if True:",
    ),
    Safeguard(
        "gate",
        [f"{_LOADER}test_loader.py"],
        "twinledger.state.intent_queue",
        "w.opened_at is not null",
        "true",
    ),
    Safeguard(
        "deadline of a call",
        [f"{_BASE}test_client.py"],
        "twinledger.connectors.base.client",
        "if send_by is not None and self._clock.monotonic() > send_by:",
        "if False:",
    ),
)
_ORDER_AND_MERGE = (
    Safeguard(
        "version guard",
        [f"{_ENRICH}test_enrich_pipeline.py"],
        "twinledger.enrich.steps.merge_fields",
        _RACED,
        "    return False\n",
    ),
    Safeguard(
        "stale during our write",
        [f"{_STEPS}test_merge_fields.py"],
        "twinledger.enrich.steps.merge_fields",
        _RACED,
        "",
    ),
    Safeguard(
        "a raced read is repeated",
        [f"{_ENRICH}test_after_our_write.py"],
        "twinledger.enrich.steps.observe",
        "if _raced(observed, shadow):",
        "if False:",
    ),
    Safeguard(
        "match lock",
        [f"{_ENRICH}test_two_batches_at_once.py"],
        "twinledger.state.identity",
        "for entity_type in sorted(entity_types):",
        "for entity_type in ():",
    ),
    Safeguard(
        "row lock",
        [f"{_ENRICH}test_two_batches_at_once.py"],
        "twinledger.state.entities",
        "where id = any($1) order by id for update",
        "where id = any($1) order by id",
    ),
    Safeguard(
        "order of a key",
        [f"{_ROAD}test_transactional_runner.py"],
        "twinledger.road.judging",
        "        _check_order(records, places, verdicts)\n",
        "",
    ),
    Safeguard(
        "offsets move from where they were",
        [f"{_ROAD}test_transactional_runner.py"],
        "twinledger.road.offsets",
        "where o.next_offset <= excluded.batch_start",
        "where true",
    ),
    Safeguard(
        "late commits are seen",
        [f"{_ROAD}test_outbox.py"],
        "twinledger.road.relay",
        "where acked_at is null order by id limit $1",
        "where acked_at is null and id > coalesce((select max(id) from outbox where acked_at is not null), 0)"
        " order by id limit $1",
    ),
    Safeguard(
        "echo by value",
        [f"{_LOADER}test_overtaken_writes.py", f"{_ENRICH}test_enrich_pipeline.py"],
        "twinledger.enrich.steps.observe",
        "repeats = settle_echo(shown, target, state, carries_reference=carries)",
        "repeats = False",
    ),
    Safeguard(
        "a part of a lost write is an echo",
        [f"{_STEPS}test_settle_echo.py"],
        "twinledger.enrich.steps.settle_echo",
        'landed = intent.state == "unknown" and _shows_a_part(observed, intent, shadow)',
        "landed = False",
    ),
    Safeguard(
        "counts wait for their write",
        [f"{_ENRICH}test_field_policies.py", f"{_STEPS}test_settle_echo.py"],
        "twinledger.enrich.steps.observe",
        "if is_mid_flight(observed, target, state, self.definitions.rules[entity.type].policy):",
        "if False:",
    ),
    Safeguard(
        "an overtaken answer",
        [f"{_LOADER}test_overtaken_writes.py"],
        "twinledger.loader.steps.settle",
        "news = await unsettled(connection, ids)",
        "news = ids",
    ),
    Safeguard(
        "no document of an overtaken answer",
        [f"{_LOADER}test_overtaken_writes.py"],
        "twinledger.loader.steps.feed_back",
        "travels = is_news and answer.document is not None",
        "travels = answer.document is not None",
    ),
    Safeguard(
        "late words on an attempt",
        [f"{_LOADER}test_overtaken_writes.py"],
        "twinledger.state.intent_outcomes",
        "'unknown', error_class = $2, error = $3\n            where id = $1 and attempt = $4",
        "'unknown', error_class = $2, error = $3\n            where id = $1 and $4 >= 0",
    ),
    Safeguard(
        "one refusal, one step",
        [f"{_LOADER}test_overtaken_writes.py"],
        "twinledger.state.intent_outcomes",
        "and failures = $7",
        "and $7 >= 0",
    ),
    Safeguard(
        "parent wait under its lock",
        [f"{_STATE}test_waiting.py"],
        "twinledger.state.intent_queue",
        "and not exists (select from crosswalk c where c.entity_id = t.parent",
        "and not exists (select from crosswalk c where false and c.entity_id = t.parent",
    ),
    Safeguard(
        "version check before an update",
        ["tests/unit/connectors/zoho_books", "tests/unit/connectors/freshbooks"],
        "twinledger.connectors.base.version_check",
        "return known is not None and changed_at is not None and changed_at > known",
        "return False",
    ),
    Safeguard(
        "an edit is no older than our look",
        [f"{_STEPS}test_merge_fields.py"],
        "twinledger.enrich.steps.merge_fields",
        "edited_at = max(edited_at, shadow.read_started_at)",
        "pass",
    ),
    Safeguard(
        "conflicts are stored",
        [f"{_STEPS}test_merge_fields.py"],
        "twinledger.enrich.steps.merge_fields",
        "if ruling.rule is not None:",
        "if False:",
    ),
    Safeguard(
        "losses are learned",
        [f"{_ENRICH}test_after_our_write.py"],
        "twinledger.enrich.steps.first_look",
        "if learns and is_loss(sent, shown, fields[path]):",
        "if False:",
    ),
    Safeguard(
        "oscillation breaker",
        [f"{_ENRICH}test_after_our_write.py"],
        "twinledger.enrich.steps.first_look",
        "if len(times) >= TIMES and path not in marks.held",
        "if False",
    ),
    Safeguard(
        "merges are followed",
        [f"{_ENRICH}test_merges.py"],
        "twinledger.enrich.steps.bury_record",
        "if survivor is not None:",
        "if False:",
    ),
    Safeguard(
        "an end waits for the papers",
        [f"{_ENRICH}test_papers_of_the_merged.py"],
        "twinledger.enrich.steps.bury_record",
        "if (unheard := state.graves.unheard.get(observed.key)) is not None:",
        "if unheard := ():",
    ),
    Safeguard(
        "old words of the merged",
        [f"{_ENRICH}test_merges.py"],
        "twinledger.enrich.steps.bury_record",
        "            _note_end(shadow, observed)\n            return merge_into",
        "            return merge_into",
    ),
    Safeguard(
        "gone is no refusal",
        [f"{_LOADER}test_gone_records.py"],
        "twinledger.loader.steps.settle",
        "if _may_have_ended(intent, error):",
        "if False:",
    ),
    Safeguard(
        "mass deletes are held",
        [f"{_ENRICH}test_mass_deletes.py"],
        "twinledger.enrich.steps.load_graves",
        "if ends > allowed:",
        "if False:",
    ),
    _sql(
        "one active record a side",
        f"{_STATE}test_only_one.py",
        "create unique index crosswalk_one_active",
        "create index crosswalk_one_active",
    ),
    _sql(
        "one write a target at a time",
        f"{_STATE}test_only_one.py",
        "create unique index intent_one_unsettled",
        "create index intent_one_unsettled",
    ),
)
_BUDGETS = (
    _sql(
        "a dead caller's call counts",
        f"{_STATE}test_budgets.py",
        "coalesce(c.sent_at, c.send_by)",
        "c.sent_at",
    ),
    _sql("guard", f"{_STATE}test_budgets.py", "60 + b.guard_s", "60"),
    _sql(
        "budget row lock",
        f"{_STATE}test_budgets.py",
        "budget_group = p_group for update",
        "budget_group = p_group",
    ),
    _sql("lanes yield", f"{_STATE}test_budget_lanes.py", "w.rank < p_rank and", "false and"),
    _sql(
        "live reserve",
        f"{_STATE}test_budget_lanes.py",
        "if room > 0 and p_rank >= 2 and b.minute",
        "if false and b.minute",
    ),
)
_ERRORS = (
    Safeguard(
        "5xx is no refusal",
        [f"{_BASE}test_outcomes.py", "tests/unit/connectors"],
        "twinledger.connectors.base.outcomes",
        "retry_after_s=retry_after, sent=True",
        "retry_after_s=retry_after",
    ),
    Safeguard(
        "halving",
        [f"{_ROAD}test_transactional_runner.py"],
        "twinledger.road.runner",
        "                if len(part) > 1:\n",
        "                if False:\n",
    ),
    Safeguard(
        "dead letters are kept",
        [f"{_ROAD}test_transactional_runner.py"],
        "twinledger.road.settling",
        "        await outbox.append(connection, letters)\n",
        "",
    ),
    Safeguard(
        "the broker's word is waited for",
        [f"{_ROAD}test_outbox.py"],
        "twinledger.road.relay",
        "await self._producer.send_batch(records)",
        "asyncio.get_running_loop().create_task(self._producer.send_batch(records))",
    ),
)
_ACCESS = (
    Safeguard(
        "one refresh at a time",
        ["tests/integration/connectors/test_stored_tokens.py"],
        "twinledger.state.refresh_leases",
        "and (c.refresh_until is null or c.refresh_until < clock_timestamp())",
        "",
    ),
    Safeguard(
        "signature",
        ["tests/unit/connectors/test_forged_deliveries.py"],
        "twinledger.connectors.zoho_platform.signature",
        "return in_base64 or hmac.compare_digest(mac.hex(), signature.lower())",
        "return True",
    ),
)

SAFEGUARDS = (*_ONCE_ONLY, *_ORDER_AND_MERGE, *_BUDGETS, *_ERRORS, *_ACCESS)
