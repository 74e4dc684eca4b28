"""Kernel: every metric, declared once. Base units; closed label sets; no ids, e-mails or amounts.

What a rise means stands in the help text. Served by `kernel/health.py` under /metrics.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "BUILD_INFO",
    "COMPARED",
    "CONFLICTS",
    "DLQ_RECORDS",
    "DRIFT",
    "ECHOES",
    "ERRORS",
    "EVENTS",
    "EVENT_AGE",
    "EVENT_LOOP_LAG",
    "EVENT_PROCESSING",
    "EVENT_TO_WRITE",
    "HELD_RECORDS",
    "INTENTS_ENDED",
    "LAST_SUCCESS",
    "LEDGER_UNEQUAL",
    "LOG_KEYS_DROPPED",
    "MATCH_DECISIONS",
    "NOOP_WRITES_AVOIDED",
    "OSCILLATIONS",
    "OUTBOX_OLDEST_AGE",
    "OUTBOX_PENDING",
    "REBALANCES",
    "SCHEMA_ERRORS",
    "SUBSCRIPTIONS",
    "SUBSCRIPTION_EXPIRY",
    "TOKEN_REFRESHES",
    "UPSTREAM_DURATION",
    "UPSTREAM_REQUESTS",
    "WEBHOOKS",
    "WEBHOOK_LOST",
]

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_AGES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 1800, 7200)

BUILD_INFO = Gauge("twinledger_build_info", "Always 1; which release runs.", ["version", "stage"])
EVENT_LOOP_LAG = Gauge(
    "twinledger_event_loop_lag_seconds", "Delay of a scheduled callback: the process is busy.", ["stage"]
)

EVENTS = Counter(
    "twinledger_events_total", "Records by verdict (ok, skip, retry, dead_letter).", ["stage", "outcome"]
)
EVENT_PROCESSING = Histogram(
    "twinledger_event_processing_seconds", "One batch inside the stage.", ["stage"], buckets=_FAST
)
EVENT_AGE = Histogram(
    "twinledger_event_age_seconds", "Receipt at ingest to end of the stage.", ["stage"], buckets=_AGES
)
EVENT_TO_WRITE = Histogram(
    "twinledger_event_to_write_seconds",
    "Receipt at ingest to first byte of the target's request.",
    ["system", "lane"],
    buckets=_AGES,
)
ERRORS = Counter("twinledger_errors_total", "Errors by class.", ["system", "error_class"])

WEBHOOKS = Counter(
    "twinledger_webhooks_total",
    "Deliveries by verdict (accepted, bad_signature, unknown, too_large, shed).",
    ["system", "outcome"],
)
WEBHOOK_LOST = Counter(
    "twinledger_webhook_lost_total", "Changes a poll found that no webhook announced.", ["system", "object"]
)
LAST_SUCCESS = Gauge(
    "twinledger_last_success_timestamp_seconds",
    "Last time the changes of a system were read to the end; standing still means that nobody looks.",
    ["workspace", "system"],
)
SUBSCRIPTIONS = Gauge(
    "twinledger_subscriptions",
    "Subscriptions by state; lapsing: renewal fails and the end is a day away, silent: polls find what it"
    " does not announce.",
    ["workspace", "system", "state"],
)
SUBSCRIPTION_EXPIRY = Gauge(
    "twinledger_subscription_expiry_timestamp_seconds",
    "Earliest end of a subscription of a system; 0: one is not proved.",
    ["workspace", "system"],
)
TOKEN_REFRESHES = Counter(
    "twinledger_token_refreshes_total", "Refreshes (ok, transient, rejected).", ["system", "outcome"]
)
UPSTREAM_REQUESTS = Counter(
    "twinledger_upstream_requests_total", "Calls out; code 0 is no answer.", ["system", "endpoint", "code"]
)
UPSTREAM_DURATION = Histogram(
    "twinledger_upstream_request_duration_seconds", "Call time.", ["system", "endpoint"], buckets=_FAST
)
INTENTS_ENDED = Counter(
    "twinledger_intents_total",
    "Ended: confirmed, rejected, superseded.",
    ["system", "entity", "state"],
)
NOOP_WRITES_AVOIDED = Counter(
    "twinledger_noop_writes_avoided_total", "Plans that held nothing to write.", ["system", "entity"]
)
ECHOES = Counter(
    "twinledger_echoes_total", "Observations that only repeat our own write.", ["system", "entity"]
)
OSCILLATIONS = Counter(
    "twinledger_oscillations_total",
    "Fields no longer written since they went back and forth; a rise needs a person.",
    ["system", "entity"],
)
MATCH_DECISIONS = Counter(
    "twinledger_match_decisions_total",
    "Unknown records by what became of them (link, review, new); review is work for people.",
    ["bucket", "entity"],
)
CONFLICTS = Counter("twinledger_conflicts_total", "By the policy that decided.", ["entity", "policy"])

COMPARED = Counter(
    "twinledger_compared_records_total",
    "Drift audit, by result (equal, differs, missing).",
    ["system", "entity", "result"],
)
DRIFT = Gauge(
    "twinledger_drift_records",
    "Records that differ now from what the sync holds; at rest it is 0.",
    ["workspace", "entity"],
)
LEDGER_UNEQUAL = Gauge(
    "twinledger_ledger_unequal_documents",
    "Posted documents whose amounts differ between the ledgers.",
    ["workspace", "currency"],
)

HELD_RECORDS = Gauge(
    "twinledger_held_records", "Records that wait for a person's answer (mass_delete).", ["reason"]
)
OUTBOX_PENDING = Gauge("twinledger_outbox_pending_records", "Committed rows not yet acknowledged.")
OUTBOX_OLDEST_AGE = Gauge("twinledger_outbox_oldest_age_seconds", "Age of the oldest: relay or broker.")
DLQ_RECORDS = Counter("twinledger_dlq_records_total", "Dead letters written.", ["topic", "reason_class"])
SCHEMA_ERRORS = Counter(
    "twinledger_schema_errors_total", "Records nobody can read (unknown_id, decode).", ["topic", "kind"]
)
REBALANCES = Counter("twinledger_rebalances_total", "Assignments received.", ["consumergroup"])
LOG_KEYS_DROPPED = Counter(
    "twinledger_log_keys_dropped_total", "Log keys outside the allow-list: a line lost detail.", ["stage"]
)
