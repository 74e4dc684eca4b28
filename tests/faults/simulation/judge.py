"""Simulation: the judgement at rest, by the vendors' state and ledger alone.

Of our own tables only what a person is shown: conflicts and history of a value, reviews, dead letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tests.faults.simulation.exposure import is_exposed
from tests.faults.simulation.stack import SimWorld
from tests.faults.simulation.things import CUSTOMERS, ITEMS, STATE, Thing, Typed, id_of
from tests.faults.soak_fields import PATHS, Record, shown

__all__ = ["Judge", "still_there"]

Row = dict[str, Any]
_BUSINESS = {
    *("client", "contact", "account", "item", "tax", "deal"),
    *("sales_order", "invoice", "payment", "customer_payment"),
}
_KEPT = """
    select entity_id, field, loser ->> 'value' as value from conflict where entity_id = any($1::uuid[])
    union all
    select entity_id, field, new #>> '{}' from audit where entity_id = any($1::uuid[])
"""
_ENTITIES = """
    select external_id, entity_id from crosswalk
     where (object, external_id) in (select * from unnest($1::text[], $2::text[]))
"""
_UNEXPECTED = """
    select concat_ws(' ', 'dead letter', reason, message, 'of', replace(record_key, chr(31), '/'), 'by',
                     consumer_group, created_at) as what
      from dead_letter where status = 'open'
    union all
    select 'review ' || kind || ' ' || subject || ' ' || evidence::text from review_item
     where state = 'open' and kind <> 'merge'
"""


class Judge:
    """Looks at one world; `overwritten` counts edits that a write of ours met before we could know."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._ledger_end = 0
        self.overwritten = 0

    async def judge(self, things: list[Thing]) -> list[str]:
        """What is wrong with the state since the last judgement; empty when all holds."""
        ledger = _by_record(self._world.vendors.ledger(self._ledger_end))
        self._ledger_end = len(self._world.vendors.world.ledger)
        rows = {name: self._world.vendors.records(name) for name in (*CUSTOMERS, *ITEMS)}
        faults = self._find(things, rows)
        if faults:
            return faults
        before = {thing.key: dict(thing.held) for thing in things}
        for thing in things:
            records = _records_of(thing, rows)
            faults += self._fields_of(thing, records, ledger)
            faults += _too_many_writes(thing, ledger)
        faults += await self._silent(things, before, ledger)
        faults += [row["what"] for row in await self._world.pool.fetch(_UNEXPECTED)]
        for thing in things:
            thing.typed.clear()
            thing.saves = 0
        return faults

    def judge_quiet(self, what: str) -> list[str]:
        """I3, I7: nothing of ours may have been written since the last judgement."""
        rows = self._world.vendors.ledger(self._ledger_end)
        writes = [
            row
            for row in rows
            if row["kind"] == "effect" and row["method"] and row["objects"][0]["object"] in _BUSINESS
        ]
        return [f"{what}: {row['method']} {row['path']} at {row['at']}" for row in writes]

    def _find(self, things: list[Thing], rows: Mapping[str, list[Row]]) -> list[str]:
        """I4: one record of each thing in each object that holds it."""
        faults = []
        index: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for name, found in rows.items():
            for row in found:
                for key in {row.get("email"), row.get("Email"), row.get("sku")} - {None, ""}:
                    index[name, str(key)].append(row)
        for thing in things:
            for name in thing.objects():
                if name == "zoho_crm.account":
                    continue
                found = index[name, thing.key]
                if len(found) != 1:
                    faults.append(f"I4 {thing.key}: {len(found)} records in {name}")
                    continue
                thing.ids[name] = id_of(name, found[0])
                if name == "zoho_crm.contact" and thing.of_company:
                    if not found[0]["Account_Name"]:
                        faults.append(f"I1 {thing.key}: the contact has no account")
                    else:
                        thing.ids["zoho_crm.account"] = str(found[0]["Account_Name"]["id"])
        return faults

    def _fields_of(
        self, thing: Thing, records: Mapping[str, Record], ledger: Mapping[Any, list[Row]]
    ) -> list[str]:
        """I1 and I2."""
        faults = []
        for name, kind in thing.fields.items():
            seen = {
                side: kind.meaning(shown(side, place, records, of_company=thing.of_company))
                for side, place in kind.places.items()
                if side in thing.sides()
            }
            if not seen:
                continue
            typed = [one for one in thing.typed if one.field == name]
            told = [f"{one.side} {one.value!r} over {one.over!r} at {one.at:.2f}" for one in typed]
            if len(set(seen.values())) != 1:
                faults.append(f"I1 {thing.key} {name}: {seen}, typed {told}")
            value = next(iter(seen.values()))
            allowed = thing.can_stand(name)
            if value not in allowed and not any(self._is_exposed(thing, one, ledger) for one in typed):
                faults.append(f"I2 {thing.key} {name}: {value!r} is none of {allowed}, typed {told}")
            thing.held[name] = value
        return faults

    def _is_exposed(self, thing: Thing, one: Typed, ledger: Mapping[Any, list[Row]]) -> bool:
        return is_exposed(thing, one, ledger, self._world.vendors.unheard)

    async def _silent(
        self, things: list[Thing], before: Mapping[str, Mapping[str, str]], ledger: Mapping[Any, list[Row]]
    ) -> list[str]:
        """I9: what is there was said by somebody. I10: what was typed last on a side is there, or was
        accepted and followed, or lost visibly."""
        kept = await self._kept(things)
        faults = []
        for thing in things:
            faults += [
                f"I9 {thing.key} {name}: nobody said {value!r}"
                for name, value in thing.held.items()
                if value and (name, value) not in kept[thing.key]
            ]
            for one in {(typed.field, typed.side): typed for typed in thing.typed}.values():
                meaning = thing.fields[one.field].meaning(one.value)
                known = {before[thing.key].get(one.field), thing.held[one.field], one.over}
                if meaning in known or (one.field, meaning) in kept[thing.key]:
                    continue
                if self._is_exposed(thing, one, ledger):
                    self.overwritten += 1
                else:
                    faults.append(
                        f"I10 {thing.key} {one.field}: {one.value!r} of {one.side} at {one.at:.2f} is gone"
                    )
        return faults

    async def _kept(self, things: list[Thing]) -> dict[str, set[tuple[str, str]]]:
        """By thing: fields and values that a person can find in conflicts and history."""
        first = {thing.key: next(iter(thing.ids.items())) for thing in things}
        rows = await self._world.pool.fetch(
            _ENTITIES, [one for one, _ in first.values()], [one for _, one in first.values()]
        )
        entities = {row["external_id"]: row["entity_id"] for row in rows}
        owners = {entities.get(first[thing.key][1]): thing for thing in things}
        kept: dict[str, set[tuple[str, str]]] = {thing.key: set() for thing in things}
        for row in await self._world.pool.fetch(_KEPT, [one for one in owners if one]):
            thing, name = owners[row["entity_id"]], PATHS.get(row["field"])
            if name is not None and name in thing.fields:
                kept[thing.key].add((name, thing.fields[name].meaning(row["value"])))
        return kept


def still_there(world: SimWorld, deleted: list[Thing]) -> list[str]:
    """What somebody deleted is archived where it was not deleted, and nothing new was made of it."""
    faults = []
    for thing in deleted:
        for side, place in STATE.places.items():
            name = thing.main_object(side)
            row = world.vendors.record_or_none(name, thing.ids[name])
            if row is not None and STATE.meaning(row[place]) != "archived":
                faults.append(f"{thing.key} was deleted on {thing.deleted_on} and is active in {name}")
    return faults


def _records_of(thing: Thing, rows: Mapping[str, list[Row]]) -> dict[str, Row]:
    return {
        name: next(row for row in rows[name] if id_of(name, row) == thing.ids[name])
        for name in thing.objects()
    }


def _by_record(ledger: list[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """Rows by the record they touch."""
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in ledger:
        for one in row["objects"]:
            found[row["system"], one["object"], one["id"]].append(row)
    return found


def _too_many_writes(thing: Thing, ledger: Mapping[Any, list[Row]]) -> list[str]:
    """I3: no more writes to a record than forms were saved."""
    faults = []
    for object_name, external_id in thing.ids.items():
        here = ledger.get((*object_name.split("."), external_id), [])
        writes = [row for row in here if row["kind"] == "effect" and row["method"] is not None]
        if len(writes) > thing.saves + 1:
            seen = ", ".join(f"{row['seq']} {row['method']} at {row['at']}" for row in writes)
            faults.append(f"I3 {thing.key} {object_name}: {thing.saves} saves, writes: {seen}")
    return faults
