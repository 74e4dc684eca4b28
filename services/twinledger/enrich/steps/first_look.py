"""Enrich, step 3c: the first look at a side after our write of it: what became of what we sent?

In: resolved Observation, the provisional shadow    Out: the shadow, with what the target makes of our
values; fields that went back and forth, which are written no more

A loss is learned only from the answer of the write itself, from the read that found a lost write there, or
from a read with the answer's stamp, and only where the target trimmed, truncated, rounded, or changed case
or phone format: any other difference is somebody's change. What was learned holds for this record and this
value alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from twinledger.enrich.losses import is_loss
from twinledger.enrich.observed import Observed
from twinledger.mapping.entity_model import CanonicalField
from twinledger.state.records import Marks, Shadow

__all__ = ["first_look", "still_mangled"]

TIMES = 3
WITHIN = timedelta(minutes=10)


def first_look(observed: Observed, shadow: Shadow, fields: Mapping[str, CanonicalField]) -> list[str]:
    """Paths that are held from now on. Afterwards the shadow holds what the target made of our values."""
    marks = shadow.marks
    mangled, doubts = dict(marks.mangled), dict(marks.doubts)
    learns = _is_answer(observed, shadow)
    now = observed.read_started_at
    for path in marks.unseen:
        sent = shadow.fields.get(path)
        shown = observed.fields.get(path, sent)
        if shown == sent:
            continue
        if learns and is_loss(sent, shown, fields[path]):
            mangled[path] = sent
            shadow.fields[path] = shown
        else:
            doubts[path] = [*_recent(doubts.get(path, ()), now), now.isoformat()]
    newly_held = [path for path, times in doubts.items() if len(times) >= TIMES and path not in marks.held]
    held = {**marks.held, **dict.fromkeys(newly_held, now.isoformat())}
    shadow.marks = Marks((), mangled, {p: t for p, t in doubts.items() if p not in held}, held)
    return newly_held


def still_mangled(marks: Marks, before: Mapping[str, object], after: Mapping[str, object]) -> Marks:
    """What a side made of a value is forgotten with the value."""
    kept = {path: sent for path, sent in marks.mangled.items() if after.get(path) == before.get(path)}
    return marks if len(kept) == len(marks.mangled) else replace(marks, mangled=kept)


def _is_answer(observed: Observed, shadow: Shadow) -> bool:
    """The very version that our write made: nobody else had a hand in it. Or the answer itself; that of a
    lost write is the read that found it, where a hand that only trimmed or rounded is not told from it."""
    is_version = shadow.vendor_updated_at is not None
    return observed.read_started_at == shadow.read_started_at or (
        is_version and observed.vendor_updated_at == shadow.vendor_updated_at
    )


def _recent(times: Sequence[str], now: datetime) -> list[str]:
    return [time for time in times if datetime.fromisoformat(time) > now - WITHIN]
