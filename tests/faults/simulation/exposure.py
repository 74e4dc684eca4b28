"""Simulation: edits that no program could have kept apart from its own writes, by the vendors' ledger alone.

No vendor but CRM has a conditional write, stamps have whole seconds, and who does not hear the answer to a
write cannot tell what was typed over it from what was typed before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from tests.faults.simulation.things import Thing, Typed
from tests.faults.soak_fields import form

__all__ = ["is_exposed"]

Row = dict[str, Any]
_TO_THE_SECOND = len("2026-03-02T09:00:00")
_EXPOSED_S = 6.0
"""From the look at the versions of a round to its last write."""
_LOSES_ANSWERS = ("status_after", "timeout_after", "reset_mid_body", "truncate", "html")


def is_exposed(thing: Thing, typed: Typed, ledger: Mapping[Any, list[Row]], unheard: Collection[int]) -> bool:
    """After the save our write to the very record carried the field too (Books takes an address whole), and
    either it came right after it, or the save hides behind another of its second, or it was typed over a
    write of the field whose answer was lost."""
    object_name, leaf, saved = _place(thing, typed)
    here = ledger.get((*object_name.split("."), thing.ids[object_name]), [])
    saves = [row for row in here if row["kind"] == "act" and saved(row["body"])]
    if not saves:
        return False
    ours = [row for row in here if row["kind"] == "request" and leaf(row)]
    save = saves[-1]
    gaps = [_seconds(save, row) for row in ours if _seconds(save, row) >= 0]
    if not gaps:
        return False
    is_next = min(gaps) <= _EXPOSED_S
    return is_next or _hides(save, here) or _is_over_a_lost_write(save, ours, unheard)


def _place(thing: Thing, typed: Typed) -> tuple[str, Any, Any]:
    """The record, whether a write of ours carries the field, whether a save of a person did."""
    if typed.field == "state":
        return (
            thing.main_object(typed.side),
            _carries_state,
            lambda body: body["op"] in ("archive", "restore"),
        )
    place = thing.fields[typed.field].places[typed.side]
    object_name, part = form(typed.side, place, "1", of_company=thing.of_company)
    leaf = f'"{next(iter(part))}"'.encode()
    return (
        object_name,
        lambda row: leaf in orjson.dumps(row["body"]),
        lambda body: part.keys() <= body["fields"].keys(),
    )


def _carries_state(row: Row) -> bool:
    """It has a call or a field of its own."""
    path: str = row["path"]
    return path.endswith("active") or b'"vis_state"' in orjson.dumps(row["body"])


def _hides(save: Row, here: Sequence[Row]) -> bool:
    second = save["at"][:_TO_THE_SECOND]
    return len([row for row in here if row["kind"] == "effect" and row["at"].startswith(second)]) > 1


def _is_over_a_lost_write(save: Row, ours: Sequence[Row], unheard: Collection[int]) -> bool:
    return any(
        row["seq"] < save["seq"]
        and (row["seq"] in unheard or (row["fault"] or "").startswith(_LOSES_ANSWERS))
        for row in ours
    )


def _seconds(save: Row, row: Row) -> float:
    return (datetime.fromisoformat(row["at"]) - datetime.fromisoformat(save["at"])).total_seconds()
