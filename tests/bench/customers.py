"""Customers in all three simulated systems, the hands that edit them, the eyes that see what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from tests.bench.lab import Lab, budgets, reached
from tests.bench.programs import Tool

from twinledger.cli.demo.acts import People
from twinledger.cli.dev.session import Session
from twinledger.kernel.database import transaction
from twinledger.state.sealing import KeyFile, Sealer, open_key_wrapper
from twinledger.state.subscriptions import StoredSubscription, load_subscriptions

__all__ = ["CrmWrites", "LiveRoad", "live_road"]

_WAITING = """
    select (select count(*) from workspace where opened_at is null)
         + (select count(*) from first_sight)
         + (select count(*) from due_read where hints > read_hints and object not like all($1))
         + (select count(*) from outbox where acked_at is null)
         + (select count(*) from parked)
         + (select count(*) from intent where state in ('planned', 'sending', 'unknown')
                                          and object not like all($1))
"""
_ENVIRONMENT = {"TWINLEDGER_INGEST__POLL_INTERVAL_S": "86400"}


@dataclass
class LiveRoad:
    """All stages, connected, with the same customers on every side; `numbers` by FreshBooks id."""

    session: Session
    clients: list[str]
    contacts: dict[str, int]
    """CRM contact id -> place in `clients`"""
    subscription: StoredSubscription
    ledger_read: int = 0

    async def rename(self, places: Sequence[int], given: str) -> None:
        """A person edits these clients in FreshBooks; its webhooks are held back."""
        people = People(self.session.http, self.session.admin)
        await people.webhooks(loss=1)
        for place in places:
            await people.update("freshbooks.client", self.clients[place], {"fname": f"{given}{place}"})
        await people.webhooks(loss=0)

    async def tell(self, load: Tool, places: Sequence[int], **how: Any) -> list[float]:
        """Deliver the webhooks of these edits; when each left (epoch seconds), in order of `places`."""
        answer = await load.ask(
            port=int(self.session.stack.ingest_address.rpartition(":")[2]),
            path=f"/hooks/freshbooks/{self.subscription.key}",
            verifier=self.subscription.secret,
            event="client.update",
            ids=[self.clients[place] for place in places],
            **how,
        )
        assert answer["refused"] == 0, f"{answer['refused']} webhooks were refused"
        return list(answer["sent_at"])

    async def crm_writes(self, given: str) -> CrmWrites:
        """The writes from now on that bring names which begin so."""
        rows = await self.ledger(after=self.ledger_read)
        self.ledger_read = int(rows[-1]["seq"]) if rows else self.ledger_read
        return CrmWrites(self, given, self.ledger_read)

    async def names_in_crm(self) -> dict[int, str]:
        """What CRM shows at the end, by place."""
        rows = await self._lines("/state", system="zoho_crm", object="contact")
        shown = {str(row["id"]): row["record"]["First_Name"] for row in rows}
        return {place: shown[contact] for contact, place in self.contacts.items()}

    async def rest(self, within_s: float = 180.0, *, but_for: Sequence[str] = ()) -> None:
        """Nothing waits anywhere for a second, but for calls about objects like these."""
        quiet = 0

        async def still() -> bool:
            nonlocal quiet
            waiting = await self.session.pool.fetchval(_WAITING, list(but_for))
            quiet = 0 if waiting else quiet + 1
            return quiet >= 10

        await reached(still, within_s, every_s=0.1)

    async def ledger(self, after: int) -> list[dict[str, Any]]:
        """The sandbox's own record of the requests it was asked: the oracle."""
        return await self._lines("/ledger", after=after, kind="request")

    async def _lines(self, path: str, **query: Any) -> list[dict[str, Any]]:
        answer = await self.session.http.get(f"{self.session.admin}{path}", params=query, timeout=60)
        return [orjson.loads(line) for line in answer.content.splitlines()]


@dataclass
class CrmWrites:
    """When the sandbox noted the write that brought each customer's new name, by place; twice is an error."""

    road: LiveRoad
    given: str
    after: int
    at: dict[int, float] = field(default_factory=dict)

    async def look(self) -> int:
        """How many are there by now."""
        for row in await self.road.ledger(self.after):
            self.after = int(row["seq"])
            if row["system"] == "zoho_crm" and row["method"] == "PUT" and row["status"] in (200, 207):
                self._take(row)
        return len(self.at)

    def _take(self, row: dict[str, Any]) -> None:
        for record in row["body"].get("data", ()):
            place = self.road.contacts[record["id"]]
            if record.get("First_Name") == f"{self.given}{place}":
                assert place not in self.at, f"customer {place} was written twice"
                self.at[place] = _epoch(row["at"])


async def live_road(lab: Lab, customers: int) -> LiveRoad:
    """The running road, its first read taken in; kept for the next bench that asks for as many customers."""
    session = await lab.session(f"road of {customers}", {**_ENVIRONMENT, **budgets()})
    if "road" not in lab.kept:
        lab.kept["road"] = await _open(session, customers)
    road: LiveRoad = lab.kept["road"]
    return road


async def _open(session: Session, customers: int) -> LiveRoad:
    """The customers are there before anybody connects: the first read matches them by e-mail."""
    people = People(session.http, session.admin)
    clients, contacts = [], {}
    for place in range(customers):
        clients.append(await people.create("freshbooks.client", _client(place)))
        contacts[await people.create("zoho_crm.contact", _contact(place))] = place
        await people.create("zoho_books.contact", _books_contact(place))
    await session.go_live()
    road = LiveRoad(session, clients, contacts, await _subscription(session))
    await road.rest()
    return road


async def _subscription(session: Session) -> StoredSubscription:
    """The one that the product itself registered and verified at the simulated FreshBooks."""
    sealer = Sealer(open_key_wrapper(KeyFile(data_dir=session.stack.folders.data)))
    found: list[StoredSubscription] = []

    async def verified() -> bool:
        async with transaction(session.pool) as connection:
            stored = await load_subscriptions(connection, sealer, session.stack.options.workspace)
        found[:] = [one for one in stored if one.object == "freshbooks.client" and one.secret]
        return bool(found) and found[0].state in ("verified", "active")

    await reached(verified, within_s=60, every_s=0.5)
    return found[0]


def _client(place: int) -> dict[str, Any]:
    return {
        "fname": "Ada",
        "lname": f"Boone{place}",
        "email": _email(place),
        "p_street": "1 Pier",
        "p_city": "Madison",
        "p_province": "Wisconsin",
        "p_code": "53703",
        "p_country": "United States",
        "currency_code": "USD",
    }


def _contact(place: int) -> dict[str, Any]:
    return {
        "First_Name": "Ada",
        "Last_Name": f"Boone{place}",
        "Email": _email(place),
        "Mailing_Street": "1 Pier",
        "Mailing_City": "Madison",
        "Mailing_State": "Wisconsin",
        "Mailing_Zip": "53703",
        "Mailing_Country": "United States",
    }


def _books_contact(place: int) -> dict[str, Any]:
    person = {
        "first_name": "Ada",
        "last_name": f"Boone{place}",
        "email": _email(place),
        "is_primary_contact": True,
    }
    address = {"address": "1 Pier", "city": "Madison", "state": "Wisconsin", "zip": "53703"}
    return {
        "contact_name": f"Ada Boone{place}",
        "contact_type": "customer",
        "contact_persons": [person],
        "billing_address": {**address, "country": "United States"},
    }


def _email(place: int) -> str:
    return f"client{place}@harbor.example"


def _epoch(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
