"""A thousand random states: the plan's hash is the hash of what is then written; a change in between refuses.

Records of four types live on two or three sides; each state adds edits of a random side to what earlier
states left. Replay one run: seed and states are printed with a failure.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.operations.conftest import Held

from twinledger.cli.failure import CommandError
from twinledger.kernel.clock import SystemClock
from twinledger.state.plans import hash_of

STATES = 1_000
SEED = 20261126
CLIENT, BOOKS, CRM = "freshbooks.client", "zoho_books.contact", "zoho_crm.contact"


@dataclass
class World:
    """What stands at the vendors, by object and id, as far as edits go."""

    held: Held
    rng: random.Random
    records: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    made: int = 0
    steps: int = 0

    async def edit(self) -> None:
        """One edit or create by a person, seen at once."""
        rng = self.rng
        if rng.random() < 0.4 or not self.records:
            key, fields = self._new()
        else:
            key = rng.choice(sorted(self.records))
            fields = self.records[key] | self._changed(key[0])
        self.records[key] = fields
        self.steps += 1
        at = SystemClock().now() + timedelta(milliseconds=self.steps % 900)
        await self.held.enrich.feed(self.held.enrich.record(*key, fields, at=at))

    def _new(self) -> tuple[tuple[str, str], dict[str, Any]]:
        self.made += 1
        number, rng = self.made, self.rng
        external_id = str(1_000_000 + number)
        kind = rng.choice(["client", "contact", "item", "invoice"])
        if kind == "item":
            object_name = rng.choice(["freshbooks.item", "zoho_books.item"])
            return (object_name, external_id), {
                "name": f"Item {number}", "description": None, "unit_price": str(rng.randint(1, 99)),
                "sku": f"SKU{number}", "state": "active",
            }  # fmt: skip
        clients = [external for name, external in self.records if name == CLIENT]
        if kind == "invoice" and clients:
            line = {
                "item": None, "name": "Oven", "description": None, "quantity": "1",
                "unit_price": str(rng.randint(1, 99)), "tax": None,
            }  # fmt: skip
            return ("freshbooks.invoice", external_id), {
                "number": f"INV{number}", "customer": f"{CLIENT}/{rng.choice(clients)}", "date": "2026-03-05",
                "currency": "USD", "state": rng.choice(["draft", "sent"]), "lines": [line], "notes": None,
                "total": line["unit_price"], "balance": line["unit_price"],
            }  # fmt: skip
        return (CLIENT if kind != "contact" else BOOKS, external_id), {
            "organization": rng.choice([None, f"House {number}"]), "name.given": "Ana",
            "name.family": f"Ruiz{number}", "email": f"a{number}@b.example", "phones.business": None,
            "website": None, "notes": None, "state": "active",
        }  # fmt: skip

    def _changed(self, object_name: str) -> dict[str, Any]:
        rng = self.rng
        if object_name == "freshbooks.invoice":
            return rng.choice([{"notes": f"n{rng.random()}"}, {"state": "sent", "notes": f"m{rng.random()}"}])
        if object_name.endswith(".item"):
            return {"unit_price": str(rng.randint(1, 9_999))}
        return rng.choice(
            [
                {"name.given": rng.choice(["Ana", "Bo", "Chi"])},
                {"website": f"https://{rng.randint(1, 99)}.example"},
                {"notes": f"note {rng.randint(1, 999)}", "state": rng.choice(["active", "archived"])},
            ]
        )


async def test_the_plan_is_what_is_written_on_a_thousand_random_states(held: Held) -> None:
    world = World(held, random.Random(SEED))
    writes = refusals = unknown = 0
    for state in range(STATES):
        for _ in range(world.rng.randint(1, 4)):
            await world.edit()
        shown = await held.shown()
        if world.rng.random() < 0.2:
            before = shown.hash
            await world.edit()
            shown = await held.shown()
            if shown.hash != before:
                with pytest.raises(CommandError):
                    await held.accept(before)
                refusals += 1
        await held.accept(shown.hash)
        await held.write_all()
        assert hash_of(held.written()) == shown.hash, f"seed {SEED}, state {state}"
        assert len(held.written()) == len(shown.changes)
        writes += len(shown.changes)
        unknown += len(shown.unknown)
        held.forget()
    print(f"\n{STATES} states, {writes} writes, {refusals} refused plans, {unknown} unknown")  # noqa: T201
    assert writes > STATES and refusals > STATES / 20
