"""Enrich on PostgreSQL: customers of one mail domain with alike names, read in any order, wait for nobody: at
rest each has one record in each object. A question that the order of arrival raised answers itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from tests.fakes.feeding import Enrich

from twinledger.enrich.replanner import Replanner
from twinledger.road.broker import Received
from twinledger.road.outcome import Retry
from twinledger.road.topics import HINTS

CLIENT, CONTACT, ACCOUNT, BOOKS = (
    *("freshbooks.client", "zoho_crm.contact", "zoho_crm.account"),
    "zoho_books.contact",
)
MOST_BATCHES = 200
Name = tuple[str, str]


def customer(number: int, family: str, organization: str) -> dict[str, Any]:
    """As FreshBooks and Books show one; the mailboxes of all differ in a digit."""
    return {
        "kind": "organization",
        "organization": organization,
        "name.given": "Femi",
        "name.family": family,
        "email": f"femi.{number}@run1.example",
        "phones.business": f"+150355501{number}",
        "addresses.billing.line1": f"{number} Main Street",
        "addresses.billing.city": "Portland",
        "addresses.billing.postal_code": "97201",
        "currency": "USD",
        "state": "active",
    }


NOVAK, SILVA, OSEI = (
    customer(15, "Novak", "Kaya Garden"),
    customer(25, "Silva", "Kaya Hardware"),
    customer(45, "Osei", "Kaya Joinery"),
)
_OF_A_PERSON = ("name.given", "name.family", "email")


def person_of(whole: dict[str, Any]) -> dict[str, Any]:
    """CRM's contact knows the name and the mailbox, its account the rest."""
    return {name: whole[name] for name in _OF_A_PERSON} | {"state": "active"}


def company_of(whole: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name not in (*_OF_A_PERSON, "kind", "currency")}


class Vendors:
    """What each record shows when it is read."""

    def __init__(self) -> None:
        self.shown: dict[Name, dict[str, Any]] = {(CLIENT, "25"): {"fields": SILVA}}
        self.shown |= {(CLIENT, "15"): {"fields": NOVAK}, (BOOKS, "15"): {"fields": NOVAK}}
        self.shown |= {(BOOKS, "45"): {"fields": OSEI}}
        for number, whole in (("15", NOVAK), ("45", OSEI)):
            self.enter(CONTACT, number, person_of(whole), links={"account": f"{ACCOUNT}/{number}"})
            self.enter(ACCOUNT, number, company_of(whole), related={"contacts": [f"{CONTACT}/{number}"]})

    def enter(self, object_name: str, number: str, fields: dict[str, Any], **more: Any) -> None:
        self.shown[object_name, number] = {"fields": fields, **more}


class Heard(NamedTuple):
    """A hint that enrich gave, and its number in the outbox."""

    number: int
    names: list[Name]


async def hints(enrich: Enrich, after: int = 0) -> list[Heard]:
    rows = await enrich.rows(
        "select id, value from outbox where topic = $1 and id > $2 order by id", HINTS.name, after
    )
    said = [(row["id"], enrich.codec.decode(row["value"])[1]) for row in rows]
    return [
        Heard(number, [(one["object"], id_) for id_ in (one["external_id"], *one["more_ids"])])
        for number, one in said
    ]


class Reader:
    """Reads what it is told to look at, in an order of its own, and parks what waits for a parent."""

    def __init__(self, enrich: Enrich, rng: random.Random) -> None:
        self.enrich, self.rng, self.vendors = enrich, rng, Vendors()
        self.queue: list[Name] = list(self.vendors.shown)
        self.parked: list[Name] = []
        self.replanner = Replanner(enrich.pool, enrich.pipeline)
        self.after = 0
        rng.shuffle(self.queue)

    async def come_to_rest(self) -> None:
        for _ in range(MOST_BATCHES):
            if self.rng.random() < 0.25:
                await self.replanner.plan_one()
            elif self.queue:
                await self.read([self.queue.pop(0) for _ in self.queue[: self.rng.choice((1, 1, 2, 3))]])
            elif self.parked:
                self.queue, self.parked = self.parked, []
            elif not await self.replanner.plan_one() and not await self.write():
                return
        raise AssertionError("never at rest")

    async def read(self, names: Sequence[Name]) -> None:
        records: list[Received] = [self.enrich.record(*name, **self.vendors.shown[name]) for name in names]
        verdicts = await self.enrich.feed(*records)
        self.parked += [
            name for name, verdict in zip(names, verdicts, strict=True) if isinstance(verdict, Retry)
        ]
        for heard in await hints(self.enrich, self.after):
            self.after = heard.number
            self.queue += [name for name in heard.names if name not in self.queue]

    async def write(self) -> bool:
        """One planned create whose parent is there; its record is read like any other."""
        rows = await self.enrich.rows(
            """select id, entity_id, object, patch, reference from intent
                where state = 'planned' and op = 'create'"""
        )
        self.rng.shuffle(rows)
        for row in rows:
            if await self._create(row):
                return True
        return False

    async def _create(self, row: dict[str, Any]) -> bool:
        fields = {path: value for path, value in row["patch"].items() if not path.startswith("link:")}
        more: dict[str, Any] = {"reference": row["reference"]}
        if fields != row["patch"]:
            account = await self._account(row)
            if account is None:
                return False
            more["links"] = {"account": account}
        number = str(1000 + len(self.vendors.shown))
        self.vendors.enter(row["object"], number, fields | {"state": "active"}, **more)
        await self.enrich.pool.execute("update intent set state = 'sending' where id = $1", row["id"])
        self.queue.append((row["object"], number))
        return True

    async def _account(self, row: dict[str, Any]) -> str | None:
        found = await self.enrich.rows(
            "select external_id from crosswalk where entity_id = $1 and object = $2 and status = 'active'",
            row["entity_id"],
            ACCOUNT,
        )
        return f"{ACCOUNT}/{found[0]['external_id']}" if found else None


@pytest.mark.parametrize("seed", range(16))
async def test_each_customer_has_one_record_everywhere_and_nobody_is_asked(enrich: Enrich, seed: int) -> None:
    await Reader(enrich, random.Random(f"arrival {seed}")).come_to_rest()
    assert await enrich.rows("select subject, evidence from review_item where state = 'open'") == []
    linked = await enrich.rows(
        """select e.fields ->> 'email' as email, array_agg(c.object order by c.object) as objects
             from entity e join crosswalk c on c.entity_id = e.id where c.status = 'active'
            group by 1 order by 1"""
    )
    everywhere = sorted((CLIENT, CONTACT, ACCOUNT, BOOKS))
    assert linked == [{"email": whole["email"], "objects": everywhere} for whole in (NOVAK, SILVA, OSEI)]


async def test_two_records_in_review_do_not_wait_for_each_other(enrich: Enrich) -> None:
    """The contact resembled whoever was there first; its own client comes, and its Books record after it."""
    contact: dict[str, Any] = {"fields": person_of(NOVAK), "links": {"account": f"{ACCOUNT}/15"}}
    await enrich.feed(enrich.record(CLIENT, "25", SILVA))
    await enrich.feed(enrich.record(CONTACT, "15", **contact))
    assert len(await enrich.rows("select 1 from review_item where state = 'open'")) == 1
    await enrich.feed(enrich.record(CLIENT, "15", NOVAK))
    await enrich.feed(enrich.record(BOOKS, "15", NOVAK))
    await enrich.feed(enrich.record(CONTACT, "15", **contact))
    assert await enrich.rows("select subject from review_item where state = 'open'") == []


async def test_a_question_is_looked_at_again_when_its_candidate_says_who_it_is(enrich: Enrich) -> None:
    """Known by a mailbox alone it resembled the client; with a home and a number of its own it does not."""
    await enrich.feed(enrich.record(CONTACT, "45", person_of(OSEI)))
    await enrich.feed(enrich.record(CLIENT, "25", SILVA))
    assert len(await enrich.rows("select 1 from review_item where state = 'open'")) == 1
    await enrich.feed(enrich.record(BOOKS, "45", OSEI))
    assert [one.names for one in await hints(enrich)] == [[(CLIENT, "25")]]
    await enrich.feed(enrich.record(CLIENT, "25", SILVA))
    assert await enrich.rows("select subject from review_item where state = 'open'") == []


async def test_who_a_question_is_about_no_more_is_written_again(enrich: Enrich) -> None:
    """The contact resembles two; one of them turns out to be somebody else, the question stays."""
    contact, other = person_of(NOVAK), customer(35, "Brandt", "Kaya Interiors")
    await enrich.feed(enrich.record(CLIENT, "25", SILVA), enrich.record(CLIENT, "35", other))
    await enrich.feed(enrich.record(CONTACT, "15", contact))
    assert await creates(enrich, CONTACT) == []
    moved = other | {"email": "hans@pier.example", "name.given": "Hans"}
    await enrich.feed(enrich.record(CLIENT, "35", moved))
    await enrich.feed(enrich.record(CONTACT, "15", contact))
    assert len(await enrich.rows("select 1 from review_item where state = 'open'")) == 1
    while await Replanner(enrich.pool, enrich.pipeline).plan_one():
        pass
    assert await creates(enrich, CONTACT) == ["hans@pier.example"]


async def creates(enrich: Enrich, object_name: str) -> list[str]:
    planned = await enrich.planned()
    return [row["patch"]["email"] for row in planned if (row["object"], row["op"]) == (object_name, "create")]
