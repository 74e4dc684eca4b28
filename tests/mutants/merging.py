"""Mutants: what keeps order, merges and ends right."""

from __future__ import annotations

from tests.mutants.safeguard import ENRICH, LOADER, ROAD, STATE, STEPS, Safeguard, in_migrations

__all__ = ["MERGING"]

_RACED = (
    "    if shadow.content_hash is None and read_started_at < shadow.read_started_at:\n        return True\n"
)
MERGING = (
    Safeguard(
        "version guard",
        [f"{ENRICH}test_enrich_pipeline.py"],
        "twinledger.enrich.steps.merge_fields",
        _RACED,
        "    return False\n",
    ),
    Safeguard(
        "stale during our write",
        [f"{STEPS}test_merge_fields.py"],
        "twinledger.enrich.steps.merge_fields",
        _RACED,
        "",
    ),
    Safeguard(
        "a raced read is repeated",
        [f"{ENRICH}test_after_our_write.py"],
        "twinledger.enrich.steps.observe",
        "if _raced(observed, shadow):",
        "if False:",
    ),
    Safeguard(
        "match lock",
        [f"{ENRICH}test_two_batches_at_once.py"],
        "twinledger.state.identity",
        "for entity_type in sorted(entity_types):",
        "for entity_type in ():",
    ),
    Safeguard(
        "row lock",
        [f"{ENRICH}test_two_batches_at_once.py"],
        "twinledger.state.entities",
        "where id = any($1) order by id for update",
        "where id = any($1) order by id",
    ),
    Safeguard(
        "order of a key",
        [f"{ROAD}test_transactional_runner.py"],
        "twinledger.road.judging",
        "        _check_order(records, places, verdicts)\n",
        "",
    ),
    Safeguard(
        "offsets move from where they were",
        [f"{ROAD}test_transactional_runner.py"],
        "twinledger.road.offsets",
        "where o.next_offset <= excluded.batch_start",
        "where true",
    ),
    Safeguard(
        "late commits are seen",
        [f"{ROAD}test_outbox.py"],
        "twinledger.road.relay",
        "where acked_at is null order by id limit $1",
        "where acked_at is null and id > coalesce((select max(id) from outbox where acked_at is not null), 0)"
        " order by id limit $1",
    ),
    Safeguard(
        "echo by value",
        [f"{LOADER}test_overtaken_writes.py", f"{ENRICH}test_enrich_pipeline.py"],
        "twinledger.enrich.steps.observe",
        "repeats = settle_echo(shown, target, state, carries_reference=carries)",
        "repeats = False",
    ),
    Safeguard(
        "a part of a lost write is an echo",
        [f"{STEPS}test_settle_echo.py"],
        "twinledger.enrich.steps.settle_echo",
        'landed = intent.state == "unknown" and _shows_a_part(observed, intent, shadow)',
        "landed = False",
    ),
    Safeguard(
        "counts wait for their write",
        [f"{ENRICH}test_field_policies.py", f"{STEPS}test_settle_echo.py"],
        "twinledger.enrich.steps.observe",
        "if is_mid_flight(observed, target, state, self.definitions.rules[entity.type].policy):",
        "if False:",
    ),
    Safeguard(
        "an overtaken answer",
        [f"{LOADER}test_overtaken_writes.py"],
        "twinledger.loader.steps.settle",
        "news = await unsettled(connection, ids)",
        "news = ids",
    ),
    Safeguard(
        "no document of an overtaken answer",
        [f"{LOADER}test_overtaken_writes.py"],
        "twinledger.loader.steps.feed_back",
        "travels = is_news and answer.document is not None",
        "travels = answer.document is not None",
    ),
    Safeguard(
        "late words on an attempt",
        [f"{LOADER}test_overtaken_writes.py"],
        "twinledger.state.intent_outcomes",
        "'unknown', error_class = $2, error = $3\n            where id = $1 and attempt = $4",
        "'unknown', error_class = $2, error = $3\n            where id = $1 and $4 >= 0",
    ),
    Safeguard(
        "one refusal, one step",
        [f"{LOADER}test_overtaken_writes.py"],
        "twinledger.state.intent_outcomes",
        "and failures = $7",
        "and $7 >= 0",
    ),
    Safeguard(
        "parent wait under its lock",
        [f"{STATE}test_waiting.py"],
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
        [f"{STEPS}test_merge_fields.py"],
        "twinledger.enrich.steps.merge_fields",
        "edited_at = max(edited_at, shadow.read_started_at)",
        "pass",
    ),
    Safeguard(
        "conflicts are stored",
        [f"{STEPS}test_merge_fields.py"],
        "twinledger.enrich.steps.merge_fields",
        "if ruling.rule is not None:",
        "if False:",
    ),
    Safeguard(
        "losses are learned",
        [f"{ENRICH}test_after_our_write.py"],
        "twinledger.enrich.steps.first_look",
        "if learns and is_loss(sent, shown, fields[path]):",
        "if False:",
    ),
    Safeguard(
        "oscillation breaker",
        [f"{ENRICH}test_after_our_write.py"],
        "twinledger.enrich.steps.first_look",
        "if len(times) >= TIMES and path not in marks.held",
        "if False",
    ),
    Safeguard(
        "merges are followed",
        [f"{ENRICH}test_merges.py"],
        "twinledger.enrich.steps.bury_record",
        "if survivor is not None:",
        "if False:",
    ),
    Safeguard(
        "an end waits for the papers",
        [f"{ENRICH}test_papers_of_the_merged.py"],
        "twinledger.enrich.steps.bury_record",
        "if (unheard := state.graves.unheard.get(observed.key)) is not None:",
        "if unheard := ():",
    ),
    Safeguard(
        "an end told already is no news",
        [f"{ENRICH}test_ends.py"],
        "twinledger.enrich.steps.bury_record",
        'observed.fields["state"] in (entity.fields.get("state"), told)',
        'observed.fields["state"] == entity.fields.get("state")',
    ),
    Safeguard(
        "old words of the merged",
        [f"{ENRICH}test_merges.py"],
        "twinledger.enrich.steps.bury_record",
        "            _note_end(shadow, observed)\n            return merge_into",
        "            return merge_into",
    ),
    Safeguard(
        "gone is no refusal",
        [f"{LOADER}test_gone_records.py"],
        "twinledger.loader.steps.settle",
        "if _may_have_ended(intent, error):",
        "if False:",
    ),
    Safeguard(
        "mass deletes are held",
        [f"{ENRICH}test_mass_deletes.py"],
        "twinledger.enrich.steps.load_graves",
        "if ends > allowed:",
        "if False:",
    ),
    in_migrations(
        "one active record a side",
        f"{STATE}test_only_one.py",
        "create unique index crosswalk_one_active",
        "create index crosswalk_one_active",
    ),
    in_migrations(
        "one write a target at a time",
        f"{STATE}test_only_one.py",
        "create unique index intent_one_unsettled",
        "create index intent_one_unsettled",
    ),
)
