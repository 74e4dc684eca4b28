"""Enrich, step 3b: our own write coming back is settled by value, never by actor or time.

In: resolved observation, unsettled intents of its target    Out: intents confirmed, shadow raised
"""

from __future__ import annotations

from twinledger.enrich.observed import BatchState, Observed
from twinledger.state.records import Intent, Shadow, Target

__all__ = ["settle_echo"]


def settle_echo(observed: Observed, target: Target, state: BatchState, *, carries_reference: bool) -> None:
    """Confirm each lost or running write whose values the record shows.

    A create is ours only with our reference, where the object carries one: a record that a person made
    meanwhile may hold the same values.
    """
    for intent in state.intents.get(target, ()):
        if intent.state not in ("sending", "unknown"):
            continue
        if intent.op == "create" and carries_reference and observed.reference != intent.reference:
            continue
        if _shows(observed, intent):
            intent.state = "confirmed"
            intent.external_id = observed.key.external_id
            intent.changed = True
            state.shadows[target] = _raised(observed, target, state.shadows.get(target), intent)


def _shows(observed: Observed, intent: Intent) -> bool:
    expected = intent.expected or {}
    return bool(expected) and all(observed.fields.get(path) == value for path, value in expected.items())


def _raised(observed: Observed, target: Target, shadow: Shadow | None, intent: Intent) -> Shadow:
    expected = intent.expected or {}
    if shadow is None:
        shadow = Shadow(target, observed.key.external_id, {}, {}, None, None, observed.read_started_at)
    shadow.fields.update(expected)
    shadow.bases.update({path: intent.bases[path] for path in expected})
    shadow.changed = True
    return shadow
