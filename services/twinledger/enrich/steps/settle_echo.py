"""Enrich, step 3b: our own write coming back is settled by value, never by actor or time.

In: resolved observation, unsettled intents of its target    Out: intents confirmed, shadow raised
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from twinledger.enrich.losses import is_loss
from twinledger.enrich.observed import BatchState, Observed
from twinledger.mapping.entity_model import CanonicalField
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.landed import has_landed
from twinledger.state.records import Fields, Intent, LateWrite, Shadow, Target

__all__ = ["is_mid_flight", "settle_echo"]

_SEEN_WITHIN = timedelta(seconds=90)
"""Of a write: every object is polled once a minute, unless its installation is told to wait longer."""

Models = Mapping[str, CanonicalField]
"""The fields of the record's entity, by path."""


def settle_echo(
    observed: Observed, target: Target, state: BatchState, models: Models, *, carries_reference: bool
) -> bool:
    """Confirm each lost or running write whose values the record shows; True when there was one.

    A create is ours only with our reference, where the object carries one: a record that a person made
    meanwhile may hold the same values. Of an update that was lost and shows in part (`state/landed.py`) what
    differs was typed over it since, and the rest is no person's edit.
    """
    confirmed = False
    for intent in state.intents.get(target, ()):
        if intent.state not in ("sending", "unknown"):
            continue
        if intent.op == "create" and carries_reference and observed.reference != intent.reference:
            continue
        shadow, expected = state.shadows.get(target), intent.expected or {}
        seen = _as_sent(observed, expected, shadow, models)
        is_lost_update = intent.op == "update" and intent.state == "unknown"
        if _shows(seen, expected) or (is_lost_update and _has_landed(observed, seen, expected, shadow)):
            intent.state = "confirmed"
            intent.external_id = observed.key.external_id
            intent.changed = True
            state.shadows[target] = _raised(observed, target, shadow, seen, expected, intent.bases)
            confirmed = True
    return _came_late(observed, target, state, models) or confirmed


def _came_late(observed: Observed, target: Target, state: BatchState, models: Models) -> bool:
    """The vendor ran a write after all that was given up for lost: its values are no person's edit. What it
    did at the last moment is seen by the look that the loader asks for then, or by who looked first since.
    After that the same values are somebody's."""
    shadow = state.shadows.get(target)
    late = shadow.late if shadow is not None else None
    if shadow is None or late is None:
        return False
    if shadow.read_started_at > late.until or observed.read_started_at > late.until + _SEEN_WITHIN:
        return False
    sent = {path: value for path, value in late.fields.items() if not shadow.holds(path, value)}
    seen = _as_sent(observed, sent, shadow, models)
    if not (_shows(seen, sent) or _has_landed(observed, seen, sent, shadow)):
        return False
    if _is_typed_over(observed, seen, sent, late):
        return False
    _raised(observed, target, shadow, seen, sent, late.bases)
    return True


def _is_typed_over(observed: Observed, seen: Fields, sent: Fields, late: LateWrite) -> bool:
    """Nothing shows of what the write was for and was not there already. Then what it carried along tells
    nothing either: such values are typed again easily, and a form that went over the rest showed them."""
    meant = [path for path in sent if path in late.bases and path in observed.fields]
    return bool(meant) and not any(seen[path] == sent[path] for path in meant)


def is_mid_flight(
    observed: Observed,
    target: Target,
    state: BatchState,
    policies: Mapping[str, FieldPolicy],
    models: Models,
) -> bool:
    """A write on its way shows in part, or a number that it adds to has moved: until it is settled nobody can
    tell how much of the difference is ours."""
    shadow = state.shadows.get(target)
    sent = [intent for intent in state.intents.get(target, ()) if intent.state in ("sending", "unknown")]
    return shadow is not None and any(
        (intent.state == "sending" and _shows_a_part(observed, intent, shadow, models))
        or any(
            path in policies
            and policies[path].kind == "delta"
            and observed.fields.get(path) != shadow.fields.get(path)
            for path in intent.expected or ()
        )
        for intent in sent
    )


def _as_sent(observed: Observed, sent: Fields, shadow: Shadow | None, models: Models) -> Fields:
    """What the record shows of these paths: the very value sent where the target has made of it what is
    there. What stood there before is only that, unless this side is known to make it of the value."""
    seen: Fields = {}
    for path, value in sent.items():
        shown = observed.fields.get(path)
        if shadow is not None and shadow.fields.get(path) == shown:
            is_made_of_it = shadow.holds(path, value)
        else:
            is_made_of_it = path in models and is_loss(value, shown, models[path])
        seen[path] = value if is_made_of_it else shown
    return seen


def _shows(seen: Fields, sent: Fields) -> bool:
    """Every value sent."""
    return bool(sent) and all(seen[path] == value for path, value in sent.items())


def _has_landed(observed: Observed, seen: Fields, sent: Fields, shadow: Shadow | None) -> bool:
    if shadow is None:
        return False
    stated = {path: value for path, value in seen.items() if path in observed.fields}
    return has_landed(stated, sent, shadow.fields)


def _shows_a_part(observed: Observed, intent: Intent, shadow: Shadow, models: Models) -> bool:
    """A value that was sent is there and was not before."""
    sent = intent.expected or {}
    seen = _as_sent(observed, sent, shadow, models)
    return intent.op == "update" and any(
        seen[path] == value != shadow.fields.get(path) for path, value in sent.items()
    )


def _raised(
    observed: Observed,
    target: Target,
    shadow: Shadow | None,
    seen: Fields,
    sent: Fields,
    bases: Mapping[str, int],
) -> Shadow:
    """The base holds what was sent, in the form that the target has given it."""
    if shadow is None:
        shadow = Shadow(target, observed.key.external_id, {}, {}, None, None, observed.read_started_at)
    made = {path: observed.fields.get(path) for path, value in sent.items() if seen[path] == value}
    mangled = {path: sent[path] for path, shown in made.items() if shown != sent[path]}
    shadow.fields.update(sent | made)
    shadow.bases.update({path: bases[path] for path in sent if path in bases})
    if mangled:
        shadow.marks = replace(shadow.marks, mangled={**shadow.marks.mangled, **mangled})
    shadow.changed = True
    return shadow
