"""Simulation: what people do on all sides: they enter things, and type into whatever form they have open."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.faults.simulation.stack import SimWorld
from tests.faults.simulation.things import ADDRESS, STATE, Thing, Typed, customer, item
from tests.faults.simulation.vendors import Refusal
from tests.faults.soak_fields import CUSTOMER, ITEM, SIDES, FieldOf, form, shown

__all__ = ["People"]

_WHO = ("given", "family", "organization")
"""Typed so that nobody could take one customer for another."""
_PRESSES = 0.03
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

_MAIL = {"freshbooks": "email", "zoho_crm": "Email", "zoho_books": "email"}


class People:
    """All of them; `things` is what they know exists."""

    def __init__(self, world: SimWorld, rng: random.Random) -> None:
        self._world, self._rng = world, rng
        self.things: list[Thing] = []
        self.deleted: list[Thing] = []
        self.edits = 0
        self._number = 0

    def enter_customer(self) -> Thing:
        """Somebody new, on one side; half of the customers are organizations."""
        self._number += 1
        rng, side = self._rng, self._rng.choice(SIDES)
        made = customer(f"{_word(rng)}@{_word(rng)}.example", of_company=rng.random() < 0.5)
        self.things.append(made)
        names = ["family", *(["organization"] if made.of_company else [])]
        names += [name for name in CUSTOMER if name not in names and rng.random() < 0.5]
        bodies: dict[str, dict[str, Any]] = {}
        if side == "zoho_crm" and made.of_company:
            bodies["zoho_crm.account"] = {}
        for name in names:
            if side != "zoho_books" or name not in ADDRESS:
                self._fill(made, side, name, bodies)
        self._enter(made, side, bodies)
        return made

    def _fill(self, made: Thing, side: str, name: str, bodies: dict[str, dict[str, Any]]) -> None:
        value = _word(self._rng) if name in _WHO else self._value(made.fields[name], may_clear=False)
        made.typed.append(Typed(name, side, value, "", self._world.loop.time()))
        place = made.fields[name].places[side]
        object_name, body = form(side, place, value, of_company=made.of_company)
        bodies.setdefault(object_name, {}).update(body)

    def _enter(self, made: Thing, side: str, bodies: dict[str, dict[str, Any]]) -> None:
        account = ""
        for object_name, body in sorted(bodies.items()):  # an account before its contact
            if object_name == "zoho_crm.account":
                account = self._create(object_name, body)
                continue
            body[_MAIL[side]] = made.key
            if account:
                body["Account_Name"] = {"id": account}
            if side == "zoho_books":
                body |= {"contact_name": f"Shown {made.key}", "contact_type": "customer"}
            self._create(object_name, body)
        made.saves += 1

    def enter_item(self) -> Thing:
        self._number += 1
        made = item(f"S{self._world.seed}-{self._number}")
        self.things.append(made)
        side = self._rng.choice(made.sides())
        body: dict[str, Any] = {"sku": made.key}
        for name, kind in ITEM.items():
            value = self._value(kind, may_clear=False)
            made.typed.append(Typed(name, side, value, "", self._world.loop.time()))
            body |= form(side, kind.places[side], value, of_company=False)[1]
        self._create(f"{side}.item", body)
        made.saves += 1
        return made

    def edits_of(self, side: str, count: int) -> Iterator[float]:
        """Saves forms of one side; yields how long the person pauses after each."""
        rng, left = self._rng, count
        while left > 0:
            thing = rng.choice([one for one in self.things if one.ids and side in one.sides()])
            for _ in range(min(left, rng.choice((1, 1, 1, 2, 3)))):
                if side in STATE.places and rng.random() < _PRESSES:
                    self.press(thing, side)
                else:
                    self.type_into(thing, side, self._some_fields(thing, side))
                left -= 1
                yield rng.choice((0.0, 0.0, 0.01, 0.05, 0.2))

    def _some_fields(self, thing: Thing, side: str) -> list[str]:
        """One field, sometimes more of the same form. Books takes an address whole."""
        name = self._rng.choice(sorted(thing.fields.keys() - {"state"}))
        if side == "zoho_books" and name in ADDRESS:
            return list(ADDRESS)
        return [name]

    def type_into(self, thing: Thing, side: str, names: list[str]) -> None:
        """One form, saved."""
        body: dict[str, Any] = {}
        records = {one: self._world.vendors.record(one, thing.ids[one]) for one in thing.objects()}
        for name in names:
            kind = thing.fields[name]
            value = self._value(kind, may_clear=kind.clearable and len(names) == 1)
            over = kind.meaning(shown(side, kind.places[side], records, of_company=thing.of_company))
            object_name, part = form(side, kind.places[side], value, of_company=thing.of_company)
            body = _joined(body, part)
            thing.typed.append(Typed(name, side, value, over, self._world.loop.time()))
        system, _, kind_name = object_name.partition(".")
        self._world.vendors.act(system, kind_name, "update", thing.ids[object_name], body)
        thing.saves += 1
        self.edits += 1

    def press(self, thing: Thing, side: str) -> None:
        """Archive or restore."""
        object_name = thing.main_object(side)
        shown_now = self._world.vendors.record(object_name, thing.ids[object_name])[STATE.places[side]]
        value = STATE.type_one(self._rng, 0)
        op = "archive" if value == "archived" else "restore"
        system, _, name = object_name.partition(".")
        self._world.vendors.act(system, name, op, thing.ids[object_name], {})
        over = STATE.meaning(shown_now)
        thing.typed.append(Typed("state", side, value, over, self._world.loop.time()))
        thing.saves += 1
        self.edits += 1

    def delete_one(self) -> None:
        """Something that nobody has touched since the last rest, on one side; the vendor may refuse."""
        rng = self._rng
        idle = [one for one in self.things if one.ids and not one.typed and not one.of_company]
        idle = [one for one in idle if not one.merged and not one.is_kept]
        if not idle:
            return
        thing = rng.choice(idle)
        side = rng.choice(thing.sides())
        object_name = thing.main_object(side)
        system, _, name = object_name.partition(".")
        try:
            self._world.vendors.act(system, name, "delete", thing.ids[object_name], {})
        except Refusal:
            return
        thing.deleted_on = side
        self.things.remove(thing)
        self.deleted.append(thing)
        self.edits += 1

    def _create(self, object_name: str, body: dict[str, Any]) -> str:
        system, _, name = object_name.partition(".")
        self.edits += 1
        return self._world.vendors.act(system, name, "create", None, body)

    def _value(self, kind: FieldOf, *, may_clear: bool) -> str:
        self._number += 1
        if may_clear and self._rng.random() < 0.15:
            return ""
        return kind.type_one(self._rng, self._world.seed % 1000 * 1000 + self._number)


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(_LETTERS, k=9))


def _joined(body: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    held, given = body.get("billing_address"), part.get("billing_address")
    return {**body, **part, **({"billing_address": {**(held or {}), **given}} if given else {})}
