"""Demo: the invented business. Plain facts, no vendor's field names; a later run gets names of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Good", "Order", "Person", "Plan", "make_plan"]

_GIVEN = ("Ana", "Ben", "Carla", "Dev", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jun")
_FAMILY = ("Ruiz", "Okafor", "Lind", "Tanaka", "Moreau", "Kaya", "Novak", "Silva", "Brandt", "Osei")
_TRADES = (
    "Bakery",
    "Books",
    "Cycles",
    "Design",
    "Electric",
    "Florist",
    "Garden",
    "Hardware",
    "Interiors",
    "Joinery",
)
_PLACES = (
    ("Madison", "Wisconsin", "53703", "United States", "+1608555"),
    ("Portland", "Oregon", "97201", "United States", "+1503555"),
    ("Toronto", "Ontario", "M5V 2T6", "Canada", "+1416555"),
)
_GOODS = (
    ("Oven service", 96), ("Site visit", 120), ("Filter set", 24), ("Annual check", 240), ("Design hour", 85),
    ("Workshop day", 900), ("Spare door", 145), ("Shelf board", 38), ("Delivery", 15), ("Paint can", 42),
    ("Test report", 60), ("Remote help", 50),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. `freshbooks`, `crm`, `books`: where it exists before the first sync."""

    number: int
    given: str
    family: str
    organization: str
    email: str
    phone: str
    street: str
    city: str
    region: str
    code: str
    country: str
    freshbooks: bool
    crm: bool
    books: bool


@dataclass(frozen=True, slots=True)
class Good:
    """An item with its price in USD."""

    number: int
    name: str
    price: Decimal
    sku: str
    freshbooks: bool
    books: bool


@dataclass(frozen=True, slots=True)
class Order:
    """A sales order; whole dollars and 5 % make every vendor's rounding agree."""

    number: int
    customer: Person
    lines: tuple[tuple[Good, int, bool], ...]
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The business of one run."""

    run: int
    persons: Sequence[Person]
    goods: Sequence[Good]
    orders: Sequence[Order]


def make_plan(run: int) -> Plan:
    """The same run gives the same business."""
    people, goods = _people(run), _goods(run)
    return Plan(run, people, goods, _orders(people, goods))


def _people(run: int) -> list[Person]:
    """50 customers: 20 on both sides, 15 in FreshBooks alone, 15 in Zoho alone.

    A later run, on connected ledgers, enters every customer once: the first 20 in Books.
    """
    return [_person(run, number) for number in range(50)]


def _goods(run: int) -> list[Good]:
    """12 items, a third on both sides."""
    return [
        Good(
            number,
            _of_run(name, run),
            Decimal(price),
            f"DEMO-{run}-{number:02d}",
            freshbooks=number < 8 and (run == 1 or number >= 4),
            books=number % 8 < 4,
        )
        for number, (name, price) in enumerate(_GOODS)
    ]


def _orders(people: list[Person], goods: list[Good]) -> list[Order]:
    """40 orders of customers and items that Books knows; four in five are confirmed."""
    buyers = [person for person in people if person.books]
    wares = [good for good in goods if good.books]
    return [
        Order(number, buyers[number % len(buyers)], _lines(number, wares), number % 5 != 4)
        for number in range(40)
    ]


def _person(run: int, number: int) -> Person:
    given, family = _GIVEN[number % 10], _of_run(_FAMILY[(number // 10 + number) % 10], run)
    city, region, code, country, dial = _PLACES[number % 3]
    trade = _of_run(f"{_FAMILY[number % 10]} {_TRADES[(number // 10 + 3 * number) % 10]}", run)
    zoho_only = number >= 35
    return Person(
        number=number,
        given=given,
        family=family,
        organization=trade if number % 5 < 3 else "",
        email=f"{given}.{number:02d}@run{run}.example".lower(),
        phone=f"{dial}{run % 90 * 100 + number:04d}",  # nobody of a later run resembles one of an earlier
        street=f"{run % 90 * 100 + number} Main Street",
        city=city,
        region=region,
        code=code,
        country=country,
        freshbooks=not zoho_only and (run == 1 or number >= 20),
        crm=number >= 46 or (run == 1 and (number < 20 or number >= 38)),
        books=number < 20 or (zoho_only and number < 46),
    )


def _lines(number: int, wares: list[Good]) -> tuple[tuple[Good, int, bool], ...]:
    return tuple(
        (wares[(number + step) % len(wares)], 1 + (number + step) % 4, step == 0)
        for step in range(1 + number % 3)
    )


def _of_run(name: str, run: int) -> str:
    return name if run == 1 else f"{name} {run}"
