"""Enrich, step 3b: our own write coming back is settled by value, never by actor or time.

In: resolved observation, unsettled intents of its target    Out: intents confirmed, shadow raised
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.records import Intent, Shadow, Target

__all__ = ["is_mid_flight", "settle_echo"]


def settle_echo(observed: Observed, target: Target, state: BatchState, *, carries_reference: bool) -> bool:
    """Confirm each lost or running write whose values the record shows; True when there was one.

    A create is ours only with our reference, where the object carries one: a record that a person made
    meanwhile may hold the same values.
    """
    confirmed = False
    for intent in state.intents.get(target, ()):
        if intent.state not in ("sending", "unknown"):
            continue
        if intent.op == "create" and carries_reference and observed.reference != intent.reference:
            continue
        if _shows(observed, intent, state.shadows.get(target)):
            intent.state = "confirmed"
            intent.external_id = observed.key.external_id
            intent.changed = True
            state.shadows[target] = _raised(observed, target, state.shadows.get(target), intent)
            confirmed = True
    return confirmed


def is_mid_flight(
    observed: Observed, target: Target, state: BatchState, policies: Mapping[str, FieldPolicy]
) -> bool:
    """A number that is added up moved while a write of it is on its way: until that is settled nobody can
    tell how much of the difference is ours."""
    shadow = state.shadows.get(target)
    return shadow is not None and any(
        path in policies
        and policies[path].kind == "delta"
        and observed.fields.get(path) != shadow.fields.get(path)
        for intent in state.intents.get(target, ())
        if intent.state in ("sending", "unknown")
        for path in intent.expected or ()
    )


def _shows(observed: Observed, intent: Intent, shadow: Shadow | None) -> bool:
    """Every value sent, or what this side is known to make of it."""
    expected = intent.expected or {}
    return bool(expected) and all(
        _says(observed.fields.get(path), path, value, shadow) for path, value in expected.items()
    )


def _says(shown: Any, path: str, sent: Any, shadow: Shadow | None) -> bool:
    if shown == sent:
        return True
    return shadow is not None and shadow.fields.get(path) == shown and shadow.holds(path, sent)


def _raised(observed: Observed, target: Target, shadow: Shadow | None, intent: Intent) -> Shadow:
    expected = intent.expected or {}
    if shadow is None:
        shadow = Shadow(target, observed.key.external_id, {}, {}, None, None, observed.read_started_at)
    shadow.fields.update({path: observed.fields.get(path) for path in expected})
    shadow.bases.update({path: intent.bases[path] for path in expected})
    shadow.changed = True
    return shadow
