"""Money over the whole road: bills of eight currencies and five tax shapes, begun on either side, and
their payments; both ledgers read through the sandbox's state, summed per currency, equal.

    MONEY_ROAD_N=1000 .venv/bin/pytest tests/faults/test_money.py -s
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import orjson
import pytest
import pytest_asyncio
from rich.console import Console
from rich.status import Status
from tests.faults.conftest import KAFKA_LIBS, SHORT_TIMES, Live, offsets_of_transform
from tests.money.business import COUNTRIES, Bill, Rate, bill, payments
from tests.money.ledgers import Books, FreshBooks
from tests.money.roads import UNITS

from twinledger.cli.demo.acts import People
from twinledger.cli.demo.progress import wait_for_rest
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.session import open_session
from twinledger.cli.dev.stack import StackOptions
from twinledger.kernel.clock import SystemClock
from twinledger.mapping.document import encode

pytestmark = pytest.mark.asyncio(loop_scope="session")

N = int(os.environ.get("MONEY_ROAD_N", "200"))
TODAY = "2026-11-20"
WITHIN_S = 120 + N
REFUSED = {
    "JPY has 0 decimals here": "FreshBooks charged a fraction of a yen; Books keeps none",
    "BHD has 2 decimals here": "Books charged a thousandth; FreshBooks keeps cents",
}
_REJECTED = """
    select e.fields->>'number' as number, i.error from intent i join entity e on e.id = i.entity_id
     where i.state = 'rejected' and i.object in ('freshbooks.invoice', 'zoho_books.invoice')
"""
_TRACES = """
    select e.fields->>'number', e.type, e.id, i.object, i.op, i.state, i.error
      from entity e left join intent i on i.entity_id = e.id where e.fields->>'number' = any($1)
"""
_WAITING = """
    select object, op, state, phase, error_class, waits_for, failures, error, patch from intent
     where state in ('planned', 'sending', 'unknown') limit 5
"""
LARGE_PLAN = {
    "TWINLEDGER_BUDGETS": '{"freshbooks": {"in_flight": 20}, "zoho_crm": {"in_flight": 20}, '
    '"zoho_finance": {"minute": 60000, "in_flight": 20}}',
    "TWINLEDGER_INGEST__POLL_INTERVAL_S": "15",
}


@dataclass
class Firm:
    """One business on both sides: its taxes, a customer for each currency, its bills."""

    live: Live
    taxes: dict[Rate, str] = field(default_factory=dict)
    groups: dict[frozenset[str], str] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    bills: dict[str, Bill] = field(default_factory=dict)

    def books_id(self, rates: Sequence[Rate]) -> str:
        """As `TaxTable`: the id of a tax, or of the group of two."""
        ids = [self.taxes[rate] for rate in rates]
        return (ids[0] if len(ids) == 1 else self.groups[frozenset(ids)]) if ids else ""

    async def open(self) -> None:
        """Taxes and customers are entered in FreshBooks; the road brings them to Books."""
        await self._create(
            "zoho_books.currency",
            {
                "currency_code": "BHD",
                "currency_format": "1,234.567",
                "price_precision": 3,
                "exchange_rate": 2.65,
            },
        )
        for rate in {rate for country in COUNTRIES for rate in _rates(country)}:
            form = {"name": rate.name, "amount": rate.percent, "compound": rate.compound}
            await self._create("freshbooks.tax", form)
        for country in COUNTRIES:
            code = country.currency
            form = {"fname": "Mona", "lname": code, "email": f"{code}@money.example", "currency_code": code}
            self.clients[code] = await self._create("freshbooks.client", form)
        await self.live.rest()  # polls too: subscriptions may just be being made
        by_name = {row["tax_name"]: row["tax_id"] for row in await self.live.people.records("zoho_books.tax")}
        self.taxes = {rate: by_name[rate.name] for country in COUNTRIES for rate in _rates(country)}
        for row in await self.live.people.records("zoho_books.contact"):
            for person in row["contact_persons"]:
                if str(person["email"]).casefold().endswith("@money.example"):
                    self.contacts[row["currency_code"]] = row["contact_id"]
        for country in COUNTRIES:
            for pair in ((country.usual, country.upon), (country.usual, country.beside)):
                await self._group(pair)

    async def _group(self, pair: Sequence[Rate]) -> None:
        ids = [self.taxes[rate] for rate in pair]
        form = {"tax_group_name": " and ".join(rate.name for rate in pair), "taxes": ",".join(ids)}
        self.groups[frozenset(ids)] = await self._create("zoho_books.tax_group", form)

    async def bill(self, one: Bill, *, order: bool) -> None:
        number = f"{'MO' if order else 'MI'}-{one.number}"
        self.bills[number] = one
        if order:
            form = Books(self).form(one) | {"salesorder_number": number}  # type: ignore[arg-type]
            form |= {"customer_id": self.contacts[one.currency], "date": TODAY}
            await self.live.people.act(
                "zoho_books.sales_order", "confirm", await self._create("zoho_books.sales_order", form)
            )
        else:
            form = FreshBooks().form(one) | {"invoice_number": number, "create_date": TODAY}
            await self._create("freshbooks.invoice", form | {"customerid": int(self.clients[one.currency])})

    async def pay(self, invoice: dict[str, Any]) -> int:
        one = self.bills[invoice["invoice_number"]]
        total = Decimal(invoice["amount"]["amount"])
        amounts = payments(total, UNITS.get(one.currency, Decimal("0.01")), Random(one.number))
        for amount in amounts:
            money = {"amount": f"{amount:.2f}", "code": one.currency}
            form = {"invoiceid": invoice["id"], "amount": money, "date": TODAY, "type": "Check"}
            await self._create("freshbooks.payment", form)
        return len(amounts)

    async def rest(self) -> None:
        """As `live.rest`, for a business of this size."""
        session = self.live.session
        await session.http.post(f"{session.admin}/webhooks/flush", json={})
        async with asyncio.timeout(WITHIN_S):
            while await self.live.unread_records():
                await session.clock.sleep(0.2)
        quiet = Status("", console=Console(quiet=True))
        if not await wait_for_rest(session.pool, session.clock, quiet, "money", WITHIN_S):
            waiting = await session.pool.fetch(_WAITING)
            told = "; ".join(" ".join(map(str, row.values())) for row in waiting)
            raise AssertionError(f"{quiet.status}: {told}")

    async def _create(self, name: str, form: dict[str, Any]) -> str:
        return await self.live.people.create(name, orjson.loads(encode(form)))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def large_plan(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """A stack of its own under a plan far above this business: its limits are not what is tried here.
    Webhooks tell of changes; polls come seldom, since each walks all payments of a month."""
    folders = Folders(tmp_path_factory.mktemp("money"), None, KAFKA_LIBS)
    options = StackOptions(environment={**SHORT_TIMES, **LARGE_PLAN})
    async with open_session(folders, options, SystemClock(), lambda text: None) as session:
        limits = {"minute": 100_000, "day": 1_000_000, "in_flight": 100}
        await session.http.put(f"{session.admin}/limits", json=limits)
        await session.go_live()
        async with offsets_of_transform(session.stack.broker.address) as offsets:
            yield Live(session, People(session.http, session.admin), offsets)


async def test_both_ledgers_agree_in_every_currency(large_plan: Live) -> None:
    firm = Firm(large_plan)
    await firm.open()
    for number in range(N):
        await firm.bill(bill(number, Random(f"road/{number}")), order=bool(number // 40 % 2))
    await firm.rest()
    ours, theirs = await _invoices(firm)
    refused = await _refused(firm)
    paid = sum([await firm.pay(ours[number]) for number in theirs])
    await firm.rest()
    ours, theirs = await _invoices(firm)
    assert theirs.keys() <= ours.keys()
    assert set(refused.values()) <= set(REFUSED), refused
    assert firm.bills.keys() - theirs.keys() == refused.keys(), await _traces(
        large_plan, firm.bills.keys() - theirs.keys() - refused.keys()
    )
    _print(firm, ours, theirs, paid, refused)
    for name, invoice in theirs.items():
        mine = ours[name]
        assert Decimal(mine["amount"]["amount"]) == Decimal(str(invoice["total"])), name
        assert Decimal(mine["outstanding"]["amount"]) == Decimal(str(invoice["balance"])), name
    await _agree_on_payments(firm)


async def _invoices(firm: Firm) -> tuple[dict[str, Any], dict[str, Any]]:
    """The firm's invoices by number, on each side."""
    sides = []
    for name in ("freshbooks.invoice", "zoho_books.invoice"):
        rows = await firm.live.people.records(name)
        sides.append({row["invoice_number"]: row for row in rows if row["invoice_number"] in firm.bills})
    return sides[0], sides[1]


async def _refused(firm: Firm) -> dict[str, str]:
    """The bills that wait for a person, and why."""
    rows = await firm.live.session.pool.fetch(_REJECTED)
    reasons = ((row["number"], str(row["error"]).split(": ")) for row in rows)
    return {number: words[min(1, len(words) - 1)] for number, words in reasons if number in firm.bills}


async def _traces(live: Live, numbers: Collection[str]) -> list[str]:
    """What is known of bills that are nowhere and that nobody was asked about."""
    rows = await live.session.pool.fetch(_TRACES, list(numbers))
    return [" ".join(map(str, row.values())) for row in rows]


async def _agree_on_payments(firm: Firm) -> None:
    """What each customer paid, and what was left over, per currency."""
    people, clients = firm.live.people, {int(client): code for code, client in firm.clients.items()}
    contacts = {contact: code for code, contact in firm.contacts.items()}
    ours: Counter[str] = Counter()
    credit: Counter[str] = Counter()
    theirs: Counter[str] = Counter()
    unused: Counter[str] = Counter()
    for row in await people.records("freshbooks.payment"):
        if row["clientid"] in clients:
            ours[clients[row["clientid"]]] += Decimal(row["amount"]["amount"])  # type: ignore[assignment]
    for row in await people.records("freshbooks.credit_note"):
        if row["clientid"] in clients:
            credit[clients[row["clientid"]]] += Decimal(row["amount"]["amount"])  # type: ignore[assignment]
    for row in await people.records("zoho_books.customer_payment"):
        if row["customer_id"] in contacts:
            theirs[contacts[row["customer_id"]]] += Decimal(str(row["amount"]))  # type: ignore[assignment]
            unused[contacts[row["customer_id"]]] += Decimal(str(row["unused_amount"]))  # type: ignore[assignment]
    assert ours == theirs
    assert credit == +unused
    assert sum(credit.values()) > 0


def _rates(country: Any) -> Sequence[Rate]:
    return (country.usual, country.reduced, country.beside, country.upon)


def _print(
    firm: Firm, ours: dict[str, Any], theirs: dict[str, Any], paid: int, refused: dict[str, str]
) -> None:
    print(f"\n{len(theirs)} documents and {paid} payments over the whole road")  # noqa: T201
    for code in sorted(firm.clients):
        numbers = [number for number in theirs if firm.bills[number].currency == code]
        left = sum((Decimal(ours[number]["amount"]["amount"]) for number in numbers), Decimal(0))
        right = sum((Decimal(str(theirs[number]["total"])) for number in numbers), Decimal(0))
        print(f"  {code}  FreshBooks {left:>16,.2f}  Books {right:>16,.2f}  {left - right:.2f} apart")  # noqa: T201
    for reason, count in Counter(refused.values()).items():
        print(f"  to a person {count:>4}  {reason}: {REFUSED.get(reason)}")  # noqa: T201
