"""Soak: people edit on all sides at once; a model keeps what each of them typed, and judges what remains.

One seed is one small business of its own. The judgement reads the sandbox's state and ledger, and of our
own database only what a person would be shown: conflicts, reviews, dead letters.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.faults.conftest import Live
from tests.faults.soak_fields import CUSTOMER, ITEM, ORGANIZATION, PATHS, SIDES, FieldOf, Record, form, shown
from tests.faults.soak_model import (
    ITEM_OBJECTS,
    OBJECTS,
    Ledger,
    Thing,
    Typed,
    exposed,
    id_of,
    is_of,
    is_ours,
    too_many_writes,
)

from twinledger.cli.dev.stack import STAGES

_ADDRESS = ("city", "region", "code", "country", "street")
_QUIET_S = 3.0
_KEPT = """
    select field, loser ->> 'value' as value from conflict where entity_id = $1
    union all
    select field, new #>> '{}' from audit where entity_id = $1
"""
_ENTITY = "select entity_id from crosswalk where object = $1 and external_id = $2"
_UNEXPECTED = """
    select (select count(*) from dead_letter) as dead_letters,
           (select count(*) from review_item where state = 'open') as reviews
"""


@dataclass
class Soak:
    """The business of one seed."""

    live: Live
    seed: int
    replay: str
    rng: random.Random = field(init=False)
    things: list[Thing] = field(default_factory=list)
    edits: int = 0
    number: int = 0
    overwritten: int = 0
    """Edits that a write of ours met before we could know of them: the window that no vendor closes."""

    def __post_init__(self) -> None:
        self.rng = random.Random(f"soak {self.seed}")

    async def run(self, bursts: int, edits: int) -> None:
        """Deliveries are lost, doubled and shuffled meanwhile, and well again for the next test."""
        reorder = self.rng.choice((0, 5, 20))
        webhooks = self.live.people.webhooks
        await webhooks(loss=0.2, duplicate=0.5, reorder=reorder, delay_s=0.1, seed=self.seed)
        try:
            await self._run(bursts, edits)
        finally:
            await webhooks(loss=0, duplicate=0, reorder=0, delay_s=0)

    async def _run(self, bursts: int, edits: int) -> None:
        """Open the business, then burst, rest, judge; at the end nothing of ours may move."""
        before = dict(await self.live.session.pool.fetchrow(_UNEXPECTED) or {})
        await self._open()
        await self.live.rest()
        await self._find()
        await self.judge(await self.live.ledger_end())
        for _ in range(bursts):
            began = await self.live.ledger_end()
            await self._burst(edits)
            await self.live.rest()
            await self.judge(began)
        await self._judge_quiet()
        after = dict(await self.live.session.pool.fetchrow(_UNEXPECTED) or {})
        assert after == before, f"replay: {self.replay}: unexpected: {before} -> {after}"

    async def _open(self) -> None:
        """Customers and items, each entered on one side; organizations and persons."""
        for index in range(5):
            customer = Thing(
                f"c@c{index}-s{self.seed}.example",
                {**CUSTOMER, **({"organization": ORGANIZATION} if index % 2 else {})},
                is_item=False,
                of_company=bool(index % 2),
            )
            await self._create_customer(customer, SIDES[(index + self.seed) % len(SIDES)])
        for index in range(2):
            await self._create_item(
                Thing(f"S{self.seed}-{index}", dict(ITEM), is_item=True, of_company=False)
            )

    async def _create_customer(self, customer: Thing, side: str) -> None:
        self.things.append(customer)
        fields = {"freshbooks": "email", "zoho_crm": "Email", "zoho_books": "email"}
        bodies: dict[str, dict[str, Any]] = {"zoho_crm.account": {}} if customer.of_company else {}
        first = "zoho_crm.account" if side == "zoho_crm" else ""
        names = ["family", *(["organization"] if customer.of_company else [])]
        names += [name for name in customer.fields if name not in names and self.rng.random() < 0.5]
        for name in names:
            if side == "zoho_books" and name in _ADDRESS:
                continue
            value = self._value(customer.fields[name], may_clear=False)
            customer.typed.append(Typed(name, side, value))
            object_name, body = form(
                side, customer.fields[name].places[side], value, of_company=customer.of_company
            )
            bodies.setdefault(object_name, {}).update(body)
        people = self.live.people
        made: dict[str, str] = {}
        for object_name in sorted(bodies, key=lambda one: one != first):
            body = bodies[object_name]
            if not object_name.startswith(side):
                continue
            if not object_name.endswith("account"):
                body[fields[side]] = customer.key
            if object_name == "zoho_books.contact":
                body |= {"contact_name": f"Shown {customer.key}", "contact_type": "customer"}
            if object_name == "zoho_crm.contact" and made:
                body["Account_Name"] = {"id": made["zoho_crm.account"]}
            made[object_name] = await people.create(object_name, body)

    async def _create_item(self, item: Thing) -> None:
        self.things.append(item)
        side = self.rng.choice(item.sides())
        bodies: dict[str, Any] = {"sku": item.key}
        for name, kind in item.fields.items():
            value = self._value(kind, may_clear=False)
            item.typed.append(Typed(name, side, value))
            bodies |= form(side, kind.places[side], value, of_company=False)[1]
        await self.live.people.create(f"{side}.item", bodies)

    async def _find(self) -> None:
        """I4: one record of each thing in each object that holds it."""
        for thing in self.things:
            for object_name in thing.objects():
                if object_name != "zoho_crm.account":
                    record = await self.live.one(object_name, partial(is_of, key=thing.key))
                    thing.ids[object_name] = id_of(object_name, record)
                    if object_name == "zoho_crm.contact" and thing.of_company:
                        assert record["Account_Name"], f"{thing.key}: the contact has no account"
                        thing.ids["zoho_crm.account"] = str(record["Account_Name"]["id"])

    async def _burst(self, edits: int) -> None:
        plans = {side: list(self._plan(side, edits // len(SIDES))) for side in SIDES}
        hands = [self._type(side, plan) for side, plan in plans.items()]
        await asyncio.gather(*hands, self._kills())

    def _plan(self, side: str, count: int) -> Iterator[tuple[Thing, str, str, float]]:
        """Edits of one side, some of the same record and field within a second."""
        for _ in range(count):
            thing = self.rng.choice([one for one in self.things if side in one.sides()])
            for _ in range(self.rng.choice((1, 1, 1, 2, 3))):
                name = self.rng.choice(sorted(thing.fields))
                value = self._value(thing.fields[name], may_clear=thing.fields[name].clearable)
                yield thing, name, value, self.rng.choice((0.0, 0.0, 0.02, 0.1, 0.5))

    async def _type(self, side: str, plan: Sequence[tuple[Thing, str, str, float]]) -> None:
        for thing, name, value, pause_s in plan:
            await self.save(thing, side, {name: value})
            await asyncio.sleep(pause_s)

    async def save(self, thing: Thing, side: str, values: dict[str, str]) -> None:
        """One form saved. Books takes an address whole, so a person there types all of it."""
        name = next(iter(values))
        if side == "zoho_books" and name in _ADDRESS:
            values = {one: values.get(one, f"All {self.number}") for one in _ADDRESS}
        body: dict[str, Any] = {}
        for each, value in values.items():
            object_name, part = form(
                side, thing.fields[each].places[side], value, of_company=thing.of_company
            )
            body = _joined(body, part)
            thing.typed.append(Typed(each, side, value))
        await self.live.people.update(object_name, thing.ids[object_name], body)
        thing.saves += 1
        self.edits += 1

    async def _kills(self) -> None:
        for _ in range(self.rng.choice((0, 1, 2))):
            await asyncio.sleep(self.rng.uniform(0.05, 1.5))
            self.live.kill(self.rng.choice(STAGES))

    def _value(self, kind: FieldOf, *, may_clear: bool) -> str:
        self.number += 1
        if may_clear and self.rng.random() < 0.15:
            return ""
        return kind.type_one(self.rng, self.seed % 1000 * 1000 + self.number)

    async def judge(self, began: int) -> None:
        """I1, I2, I3 and I10 of every thing."""
        ledger = await self.live.ledger(began)
        faults: list[str] = []
        rows = {one: await self.live.people.records(one) for one in (*OBJECTS, *ITEM_OBJECTS)}
        for thing in self.things:
            records = {
                one: next(row for row in rows[one] if id_of(one, row) == thing.ids[one])
                for one in thing.objects()
            }
            before = dict(thing.held)
            faults += self._fields_of(thing, records, ledger)
            faults += await self._silent(thing, before, ledger)
            faults += too_many_writes(thing, ledger)
            same = [row for row in rows[thing.objects()[0]] if is_of(row, thing.key)]
            if len(same) != 1:
                faults.append(f"I4 {thing.key}: {len(same)} records")
            thing.typed.clear()
            thing.saves = 0
        assert not faults, "\n".join([f"replay: {self.replay}", *faults])

    def _fields_of(self, thing: Thing, records: Mapping[str, Record], ledger: Ledger) -> list[str]:
        faults = []
        for name, kind in thing.fields.items():
            seen = {
                side: kind.meaning(shown(side, place, records, of_company=thing.of_company))
                for side, place in kind.places.items()
            }
            last = {one.side: kind.meaning(one.value) for one in thing.typed if one.field == name}
            if len(set(seen.values())) != 1:
                faults.append(f"I1 {thing.key} {name}: {seen}, typed {last}")
            value = seen["freshbooks"]
            unseen = last and all(exposed(thing, name, side, ledger) for side in last)
            if value not in (set(last.values()) or {thing.held.get(name, value)}) and not unseen:
                faults.append(
                    f"I2 {thing.key} {name}: {value!r}, typed {last}, held {thing.held.get(name)!r}"
                )
            thing.held[name] = value
        return faults

    async def _silent(self, thing: Thing, before: dict[str, str], ledger: Ledger) -> list[str]:
        """I10: what was typed last on a side is there, or was accepted and followed, or lost visibly."""
        object_name, external_id = next(iter(thing.ids.items()))
        pool = self.live.session.pool
        entity = await pool.fetchval(_ENTITY, object_name, external_id)
        shown_to_people = {
            (PATHS[row["field"]], thing.fields[PATHS[row["field"]]].meaning(row["value"]))
            for row in await pool.fetch(_KEPT, entity)
            if PATHS.get(row["field"]) in thing.fields
        }
        last = {(one.field, one.side): one for one in thing.typed}
        faults = []
        for (name, side), one in last.items():
            meaning = thing.fields[name].meaning(one.value)
            known = {before.get(name), thing.held[name]}  # typing what is there changes nothing
            if meaning in known or (name, meaning) in shown_to_people:
                continue
            if exposed(thing, name, side, ledger):
                self.overwritten += 1
            else:
                faults.append(f"I10 {thing.key} {name}: {one.value!r} of {side} is gone without a trace")
        return faults

    async def _judge_quiet(self) -> None:
        began = await self.live.ledger_end()
        await self.live.session.clock.sleep(_QUIET_S)
        moved = [row for row in await self.live.ledger(began) if is_ours(row)]
        assert not moved, f"I3: something still writes at rest: {moved[:3]}"


def _joined(body: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    held, given = body.get("billing_address"), part.get("billing_address")
    return {**body, **part, **({"billing_address": {**(held or {}), **given}} if given else {})}
