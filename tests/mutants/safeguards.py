"""Mutants: every safeguard, with what must notice that it is off."""

from __future__ import annotations

from tests.mutants.merging import MERGING
from tests.mutants.questions import QUESTIONS
from tests.mutants.safeguard import BASE, ENRICH, LOADER, ROAD, STATE, Safeguard, in_migrations
from tests.mutants.waking import WAKING

__all__ = ["SAFEGUARDS"]

_ONCE_ONLY = (
    Safeguard(
        "a partition in one transaction at a time",
        ["tests/unit/road/test_lanes.py"],
        "twinledger.road.lanes",
        "for partition in self._waiting if partition not in held]",
        "for partition in self._waiting]",
    ),
    Safeguard(
        "a payment sent again keeps what it took",
        ["tests/unit/connectors/zoho_books/test_allocation.py"],
        "twinledger.connectors.zoho_books.completion",
        "room[invoice_id] += await self._applied_before(call.reference, invoice_id, permit)",
        "pass",
    ),
    Safeguard(
        "stale words of what ended",
        [f"{ENRICH}test_ends.py"],
        "twinledger.enrich.steps.bury_record",
        'if row is not None and row.status in ("merged_into", "deleted") and not ends:',
        "if False:",
    ),
    Safeguard(
        "marks of a former life",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.state.intent_outcomes",
        "and (owner = $1 or sent_at",
        "and (owner <> $1 or sent_at",
    ),
    Safeguard(
        "reference",
        [f"{LOADER}test_loader.py"],
        "twinledger.enrich.steps.plan_writes",
        "            reference=mark,\n",
        "",
    ),
    Safeguard(
        "T_max",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.loader.steps.resolve_unknown",
        "elif resend_is_safe or lost.age > self.times.latest_run:",
        "elif True:",
    ),
    Safeguard(
        "adopt after comparing",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.loader.steps.resolve_unknown",
        "elif read.documents and self._shows(lost, read.documents[0]):",
        "elif read.documents:",
    ),
    Safeguard(
        "a part tells that it landed",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.loader.steps.resolve_unknown",
        "return has_landed(shown, plain, lost.candidate.shadow)",
        "return False",
    ),
    Safeguard(
        "a whole address is carried",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.loader.steps.resolve_unknown",
        "{**(intent.carried or {}), **(intent.expected or {})}",
        "intent.expected or {}",
    ),
    Safeguard(
        "what a look shows is told",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.loader.steps.resolve_unknown",
        "await outbox.append(connection, [self.settler.feed_back.seen(intent, one) for one in seen])",
        "pass",
    ),
    Safeguard(
        "a newer plan waits for the look at a lost create",
        [f"{LOADER}test_lost_creates.py"],
        "twinledger.state.lost_creates",
        "and i.state in ('planned', 'superseded', 'rejected') and",
        "and i.state = 'planned' and",
    ),
    Safeguard(
        "a lost create is looked for again",
        [f"{LOADER}test_lost_creates.py"],
        "twinledger.state.intent_queue",
        "and l.role = i.role and l.look_after < clock_timestamp() offset 0))",
        "and false))",
    ),
    Safeguard(
        "a doubted create is not repeated blindly",
        [f"{LOADER}test_lost_creates.py"],
        "twinledger.loader.steps.resolve_unknown",
        "and not lost.must_look:",
        ":",
    ),
    Safeguard(
        "a lost create that is answered may run late",
        [f"{LOADER}test_lost_creates.py"],
        "twinledger.loader.steps.settle",
        "await settle_lost_creates(connection, made)",
        "pass",
    ),
    Safeguard(
        "a lost create that is seen may run late",
        [f"{LOADER}test_lost_creates.py"],
        "twinledger.enrich.steps.store_changes",
        "[row.target for row in state.bound if row.status",
        "[row.target for row in () if row.status",
    ),
    Safeguard(
        "no create beside one in review with the mailbox",
        [f"{LOADER}test_loader.py"],
        "twinledger.loader.steps.hold_back",
        "asked = {(system_of(one.key.object), key) for one in open_ones for key in one.keys}",
        "asked = set[tuple[str, str]]()",
    ),
    Safeguard(
        "no create while a person is asked",
        ["tests/integration/state/test_planned_again.py"],
        "twinledger.state.intent_queue",
        "and q.candidates @> array[i.entity_id] offset 0))",
        "and false))",
    ),
    Safeguard(
        "a plan dropped for a question comes back",
        ["tests/integration/state/test_planned_again.py"],
        "twinledger.state.intents",
        "where intent.state = 'superseded'",
        "where intent.state = 'superseded' and intent.sent_at is null",
    ),
    Safeguard(
        "values that the record has left",
        ["tests/unit/loader/test_build_round.py"],
        "twinledger.loader.steps.build_calls",
        "if candidate.shadow.get(path) != value and path not in passed",
        "if candidate.shadow.get(path) != value",
    ),
    Safeguard(
        "a read that met the write",
        [f"{LOADER}test_overtaken_writes.py"],
        "twinledger.loader.steps.settle",
        "met = {built.intent.id for built, _ in kept if _was_read_meanwhile(built.intent, known)}",
        "met = set()",
    ),
    Safeguard(
        "a stamp is looked at twice",
        ["tests/integration/state/test_due_reads.py"],
        "twinledger.state.due_reads",
        "t.began >= d.shown_since + $9)",
        "t.began >= d.shown_since - $9::interval)",
    ),
    Safeguard(
        "only a later hint replaces one",
        ["tests/integration/state/test_due_reads.py"],
        "twinledger.state.due_reads",
        "and x.hinted_at > s and",
        "and",
    ),
    Safeguard(
        "a clock that is behind",
        ["tests/unit/ingest/test_vendor_clock.py"],
        "twinledger.ingest.vendor_clock",
        "return read_at >= stamp + SECOND_IS_OVER + self._behind",
        "return read_at >= stamp + SECOND_IS_OVER",
    ),
    Safeguard(
        "a clock is judged by when the answer is here",
        ["tests/integration/ingest/test_reader.py"],
        "twinledger.ingest.reader",
        "self._vendor_clock.shows(document.updated_at, answered_at)",
        "self._vendor_clock.shows(document.updated_at, document.read_started_at)",
    ),
    Safeguard(
        "half an answer is no word of the vendor",
        ["tests/unit/connectors/freshbooks/test_answers.py"],
        "twinledger.connectors.base.client",
        "if self.went_through or (self.status in _GONE and is_foreign(self.body, self.headers)):",
        "if self.went_through:",
    ),
    Safeguard(
        "an old value tells that it did not",
        [f"{LOADER}test_lost_writes.py"],
        "twinledger.state.landed",
        "shown[path] == before.get(path) for path in moved",
        "False for path in moved",
    ),
    Safeguard(
        "a place of its own",
        [f"{LOADER}test_loader.py"],
        "twinledger.loader.steps.settle",
        "if row is None or _is_free(wanted, row, built.intent):",
        "if True:",
    ),
    Safeguard(
        "record of another",
        [f"{LOADER}test_loader.py"],
        "twinledger.loader.steps.settle",
        "(row.entity_id == wanted.entity_id or intent.op",
        "(True or intent.op",
    ),
    Safeguard(
        "gate",
        [f"{LOADER}test_loader.py"],
        "twinledger.state.intent_queue",
        "(select is_open from gate)",
        "true",
    ),
    Safeguard(
        "deadline of a call",
        [f"{BASE}test_client.py"],
        "twinledger.connectors.base.client",
        "if send_by is not None and self._clock.monotonic() > send_by:",
        "if False:",
    ),
)
_BUDGETS = (
    in_migrations(
        "a dead caller's call counts",
        f"{STATE}test_budgets.py",
        "coalesce(c.sent_at, c.send_by)",
        "c.sent_at",
    ),
    in_migrations("guard", f"{STATE}test_budgets.py", "60 + b.guard_s", "60"),
    in_migrations(
        "budget row lock",
        f"{STATE}test_budgets.py",
        "budget_group = p_group for update",
        "budget_group = p_group",
    ),
    in_migrations("lanes yield", f"{STATE}test_budget_lanes.py", "w.rank < p_rank and", "false and"),
    in_migrations(
        "live reserve",
        f"{STATE}test_budget_lanes.py",
        "if room > 0 and p_rank >= 2 and b.minute",
        "if false and b.minute",
    ),
)
_ERRORS = (
    Safeguard(
        "5xx is no refusal",
        [f"{BASE}test_outcomes.py", "tests/unit/connectors"],
        "twinledger.connectors.base.outcomes",
        "retry_after_s=retry_after, sent=True",
        "retry_after_s=retry_after",
    ),
    Safeguard(
        "halving",
        [f"{ROAD}test_transactional_runner.py"],
        "twinledger.road.runner",
        "                if len(part) > 1:\n",
        "                if False:\n",
    ),
    Safeguard(
        "dead letters are kept",
        [f"{ROAD}test_transactional_runner.py"],
        "twinledger.road.settling",
        "        await outbox.append(connection, letters)\n",
        "",
    ),
    Safeguard(
        "the broker's word is waited for",
        [f"{ROAD}test_outbox.py"],
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

SAFEGUARDS = (*WAKING, *_ONCE_ONLY, *MERGING, *QUESTIONS, *_BUDGETS, *_ERRORS, *_ACCESS)
