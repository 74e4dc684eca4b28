"""Simulation: people merge customers inside one vendor, and sometimes follow the proposal in another.

Only customers with an invoice are merged: nothing but moved papers tells a merge from a deletion.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Any

from tests.faults.simulation.stack import SimWorld
from tests.faults.simulation.things import Thing, Typed
from tests.faults.soak_fields import shown

__all__ = ["Merges"]

_MERGES_PAPERS = ("freshbooks", "zoho_books")
_OPEN = "select subject from review_item where kind = 'merge' and state = 'open'"
Row = dict[str, Any]


class Merges:
    """`lost`: customers of which some side has no record any more, since another took its place."""

    def __init__(self, world: SimWorld, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self.lost: list[Thing] = []
        self.acts = 0

    def merge_some(self, things: Collection[Thing], payers: Collection[Thing]) -> None:
        """Between bursts; nobody has typed into any of them since the last rest."""
        for loser in self.lost:
            if loser.sides() and self._rng.random() < 0.3:
                self._merge(loser, next(iter(loser.merged.values())), self._rng.choice(loser.sides()))
        for _ in range(self._rng.choice((0, 0, 1, 1, 2))):
            free = [one for one in things if one.ids and _is_free(one)]
            losers = [one for one in free if one in payers]
            if losers and len(free) > 1:
                loser = self._rng.choice(losers)
                survivor = self._rng.choice([one for one in free if one is not loser])
                self._merge(loser, survivor, self._rng.choice(_MERGES_PAPERS))

    def _merge(self, loser: Thing, survivor: Thing, side: str) -> None:
        """What the survivor gets from it is as if somebody had typed it there."""
        before = self._shown(survivor, side)
        system, _, name = survivor.main_object(side).partition(".")
        kept, gone = (one.ids[f"{system}.{name}"] for one in (survivor, loser))
        if side == "zoho_crm":
            self._world.vendors.act(system, name, "merge", kept, {"duplicates": [gone]})
        else:
            self._world.vendors.act(system, name, "merge", gone, {"into": kept})
        self.acts += 1
        now = self._world.loop.time()
        for field, value in self._shown(survivor, side).items():
            if value != before[field]:
                survivor.typed.append(Typed(field, side, value, before[field], now))
                survivor.saves += 1
        survivor.is_kept = True
        if loser not in self.lost:
            self.lost.append(loser)
        loser.merged[side] = survivor

    def _shown(self, thing: Thing, side: str) -> Mapping[str, str]:
        records = {one: self._world.vendors.record(one, thing.ids[one]) for one in thing.objects()}
        return {
            name: kind.meaning(shown(side, kind.places[side], records, of_company=thing.of_company))
            for name, kind in thing.fields.items()
            if side in kind.places
        }

    async def judge(self, things: Collection[Thing]) -> list[str]:
        """A person is asked about each side that is left, and about no other; papers name who lives."""
        wanted = {
            f"{loser.main_object(side)}/{loser.ids[loser.main_object(side)]}"
            for loser in self.lost
            for side in loser.sides()
        }
        asked = {row["subject"] for row in await self._world.pool.fetch(_OPEN)}
        faults = [f"I10 nobody is asked about {one}" for one in sorted(wanted - asked)]
        faults += [f"I10 somebody is asked about {one}" for one in sorted(asked - wanted)]
        return faults + self._papers([*things, *self.lost])

    def _papers(self, things: Collection[Thing]) -> list[str]:
        """The copy of an invoice belongs to the customer of the original, or to who took its place there."""
        clients = {thing.ids["freshbooks.client"]: thing for thing in things if not thing.is_item}
        contacts = {thing.ids["zoho_books.contact"]: thing for thing in things if not thing.is_item}
        theirs = {row["reference_number"]: row for row in self._world.vendors.records("zoho_books.invoice")}
        faults = []
        for row in self._world.vendors.records("freshbooks.invoice"):
            payer = clients[str(row["customerid"])]
            copy = theirs.get(row["po_number"])
            wanted = payer.merged.get("zoho_books", payer)
            named = contacts.get(copy["customer_id"]) if copy is not None else wanted
            if named is not wanted:
                whom = named.key if named is not None else "nobody"
                faults.append(f"I1 invoice {row['po_number']} of {payer.key} is {whom}'s in Books")
        return faults


def _is_free(thing: Thing) -> bool:
    return (
        not (thing.typed or thing.merged or thing.is_kept or thing.of_company or thing.is_item)
        and thing.held["state"] == "active"
    )
