"""Enrich, step 3b: our own write coming back is settled by value, never by actor or time.

In: resolved observation, unsettled intents of its target    Out: intents confirmed, shadow raised
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.landed import has_landed
from twinledger.state.records import Intent, Shadow, Target

__all__ = ["is_mid_flight", "settle_echo"]


def settle_echo(observed: Observed, target: Target, state: BatchState, *, carries_reference: bool) -> bool:
    """Confirm each lost or running write whose values the record shows; True when there was one.

    A create is ours only with our reference, where the object carries one: a record that a person made
    meanwhile may hold the same values. Of an update that was lost and
    shows in part (`state/landed.py`) what differs was typed over it since, and the rest is no person's edit.
    """
    confirmed = False
    for intent in state.intents.get(target, ()):
        if intent.state not in ("sending", "unknown"):
            continue
        if intent.op == "create" and carries_reference and observed.reference != intent.reference:
            continue
        shadow = state.shadows.get(target)
        landed = intent.state == "unknown" and _has_landed(observed, intent, shadow)
        if landed or _shows(observed, intent, shadow):
            intent.state = "confirmed"
            intent.external_id = observed.key.external_id
            intent.changed = True
            state.shadows[target] = _raised(observed, target, shadow, intent)
            confirmed = True
    return _came_late(observed, state.shadows.get(target)) or confirmed


def _came_late(observed: Observed, shadow: Shadow | None) -> bool:
    """The vendor ran a write after all that was given up for lost: its values are no person's edit."""
    late = shadow.late if shadow is not None else None
    if shadow is None or late is None or observed.read_started_at > late.until:
        return False
    moved = {path: value for path, value in late.fields.items() if shadow.fields.get(path) != value}
    if not moved or not (
        all(observed.fields.get(path) == value for path, value in moved.items())
        or has_landed(observed.fields, moved, shadow.fields)
    ):
        return False
    shadow.fields.update(moved)
    shadow.bases.update({path: late.bases[path] for path in moved if path in late.bases})
    shadow.changed = True
    return True


def is_mid_flight(
    observed: Observed, target: Target, state: BatchState, policies: Mapping[str, FieldPolicy]
) -> bool:
    """A write on its way shows in part, or a number that it adds to has moved: until it is settled nobody can
    tell how much of the difference is ours."""
    shadow = state.shadows.get(target)
    sent = [intent for intent in state.intents.get(target, ()) if intent.state in ("sending", "unknown")]
    return shadow is not None and any(
        (intent.state == "sending" and _shows_a_part(observed, intent, shadow))
        or any(
            path in policies
            and policies[path].kind == "delta"
            and observed.fields.get(path) != shadow.fields.get(path)
            for path in intent.expected or ()
        )
        for intent in sent
    )


def _shows(observed: Observed, intent: Intent, shadow: Shadow | None) -> bool:
    """Every value sent, or what this side is known to make of it."""
    expected = intent.expected or {}
    return bool(expected) and all(
        _says(observed.fields.get(path), path, value, shadow) for path, value in expected.items()
    )


def _has_landed(observed: Observed, intent: Intent, shadow: Shadow | None) -> bool:
    if intent.op != "update" or shadow is None:
        return False
    return has_landed(observed.fields, intent.expected or {}, shadow.fields)


def _shows_a_part(observed: Observed, intent: Intent, shadow: Shadow | None) -> bool:
    """A value that was sent is there and was not before."""
    return (
        intent.op == "update"
        and shadow is not None
        and any(
            observed.fields.get(path) == value != shadow.fields.get(path)
            for path, value in (intent.expected or {}).items()
        )
    )


def _says(shown: Any, path: str, sent: Any, shadow: Shadow | None) -> bool:
    if shown == sent:
        return True
    return shadow is not None and shadow.fields.get(path) == shown and shadow.holds(path, sent)


def _raised(observed: Observed, target: Target, shadow: Shadow | None, intent: Intent) -> Shadow:
    expected = intent.expected or {}
    if shadow is None:
        shadow = Shadow(target, observed.key.external_id, {}, {}, None, None, observed.read_started_at)
    for path, value in expected.items():
        shown = observed.fields.get(path)
        shadow.fields[path] = shown if _says(shown, path, value, shadow) else value
    shadow.bases.update({path: intent.bases[path] for path in expected})
    shadow.changed = True
    return shadow
