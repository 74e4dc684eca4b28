"""Sandbox: the seeded business, one for all vendors; same seed and size, same business.

Each vendor takes its part: `business.customers_of("freshbooks")`, or `"zoho"`. Some customers are on both
sides, some on one, a few are doubles. Only plain facts live here, no vendor's field names.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from .seed_words import FAMILY, GIVEN, GOODS, PLACES, QUALITIES, STREETS, TRADES, Place

__all__ = ["Business", "Customer", "Document", "Good", "Line", "Supplier", "Tax", "make_business"]

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Customer:
    """`number` counts from 1. `sides`: where it already exists. `duplicate_of`: the number it doubles."""

    number: int
    kind: str  # person | organization
    organization: str
    given: str
    family: str
    email: str
    phone: str
    mobile: str
    website: str
    street: str
    street2: str
    place: Place
    notes: str
    created_at: float
    sides: frozenset[str]
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class Supplier:
    number: int
    name: str
    given: str
    family: str
    email: str
    place: Place
    created_at: float


@dataclass(frozen=True, slots=True)
class Tax:
    name: str
    percent: str
    compound: bool = False
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Good:
    number: int
    name: str
    description: str
    price: Decimal
    sku: str
    tax: str | None
    sides: frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    good: Good
    quantity: Decimal
    tax: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """An order (Zoho) or an invoice (FreshBooks). `paid`: the share that is paid, 0, 0.5 or 1."""

    number: int
    customer: Customer
    day: date
    lines: tuple[Line, ...]
    sent: bool = True
    paid: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Business:
    seed: int
    now: float
    taxes: tuple[Tax, ...]
    customers: tuple[Customer, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    goods: tuple[Good, ...] = ()
    orders: tuple[Document, ...] = ()
    invoices: tuple[Document, ...] = ()
    employees: tuple[str, ...] = field(default=("Dana Okafor", "Lou Dietz", "Yuki Tanaka"))

    def customers_of(self, side: str) -> list[Customer]:
        return [each for each in self.customers if side in each.sides]

    def goods_of(self, side: str) -> list[Good]:
        return [each for each in self.goods if side in each.sides]


TAXES = (
    Tax("Sales Tax", "5.5"),
    Tax("VAT", "20", number="GB 123 4567 89"),
    Tax("GST", "5"),
    Tax("HST", "13", number="12345 6789 RT0001"),
    Tax("QST", "9.975", compound=True),
)


def make_business(seed: int, customers: int, now: float) -> Business:
    """`customers=0`: nothing but the taxes."""
    dice = Random(f"business:{seed}")  # noqa: S311 - invented data
    start = now - now % DAY_S - 720 * DAY_S
    people: list[Customer] = []
    for number in range(1, customers + 1):
        double = bool(people) and dice.random() < 0.02
        people.append(
            _double(dice, number, dice.choice(people)) if double else _customer(dice, number, start)
        )
    if not people:
        return Business(seed, now, TAXES)
    goods = tuple(_good(dice, number) for number in range(1, min(400, 12 + customers // 5) + 1))
    suppliers = tuple(
        _supplier(dice, number, start) for number in range(1, min(200, 3 + customers // 10) + 1)
    )
    documents = _documents(customers)
    today = datetime.fromtimestamp(now, UTC).date()
    return Business(
        seed,
        now,
        TAXES,
        tuple(people),
        suppliers,
        goods,
        _papers(dice, documents, [each for each in people if "zoho" in each.sides], goods, today),
        _papers(dice, documents, [each for each in people if "freshbooks" in each.sides], goods, today),
    )


def _documents(customers: int) -> int:
    """0.8 per customer, few more beyond 2,000: a large business tests lists of customers, not of papers."""
    return int(min(customers, 2_000) * 0.8 + max(0, customers - 2_000) * 0.02)


def _customer(dice: Random, number: int, start: float) -> Customer:
    place = dice.choice(PLACES)
    given, family = dice.choice(GIVEN), dice.choice(FAMILY)
    kind = "organization" if dice.random() < 0.7 else "person"
    organization = f"{dice.choice(QUALITIES)} {dice.choice(TRADES)}" if kind == "organization" else ""
    return Customer(
        number=number,
        kind=kind,
        organization=f"{organization} {number}" if organization and dice.random() < 0.9 else organization,
        given=given,
        family=family,
        email=f"{_ascii(given)}.{_ascii(family)}.{number}@customers.example",
        phone=f"{place.dial}{number % 10_000:04d}",
        mobile=f"{place.dial}{(number * 7) % 10_000:04d}" if dice.random() < 0.4 else "",
        website=f"https://c{number}.example" if kind == "organization" and dice.random() < 0.5 else "",
        street=f"{dice.randint(1, 240)} {dice.choice(STREETS)}",
        street2=f"Suite {dice.randint(1, 60)}" if dice.random() < 0.25 else "",
        place=place,
        notes="",
        created_at=start + dice.randint(0, 719) * DAY_S + dice.randint(0, DAY_S - 1),
        sides=dice.choices(
            (frozenset({"freshbooks", "zoho"}), frozenset({"freshbooks"}), frozenset({"zoho"})), (60, 20, 20)
        )[0],
    )


def _double(dice: Random, number: int, first: Customer) -> Customer:
    """The same customer entered twice on one side; letter case differs."""
    return Customer(
        number=number,
        kind=first.kind,
        organization=first.organization.upper(),
        given=first.given,
        family=first.family,
        email=first.email.upper() if dice.random() < 0.5 else first.email,
        phone=first.phone,
        mobile="",
        website=first.website,
        street=first.street,
        street2="",
        place=first.place,
        notes="entered twice",
        created_at=first.created_at + 3_600,
        sides=frozenset({dice.choice(("freshbooks", "zoho"))}),
        duplicate_of=first.number,
    )


def _good(dice: Random, number: int) -> Good:
    name = GOODS[(number - 1) % len(GOODS)]
    return Good(
        number=number,
        name=name if number <= len(GOODS) else f"{name} {number}",
        description=f"{name}, as agreed",
        price=Decimal(dice.randint(500, 90_000)) / 100,
        sku=f"SKU-{number:05d}",
        tax=dice.choice(("Sales Tax", "VAT", "GST", None)),
        sides=dice.choices((frozenset({"freshbooks", "zoho"}), frozenset({"zoho"})), (80, 20))[0],
    )


def _supplier(dice: Random, number: int, start: float) -> Supplier:
    place = dice.choice(PLACES)
    return Supplier(
        number,
        f"{dice.choice(QUALITIES)} Supply {number}",
        dice.choice(GIVEN),
        dice.choice(FAMILY),
        f"ap{number}@suppliers.example",
        place,
        start + dice.randint(0, 719) * DAY_S,
    )


def _papers(
    dice: Random, count: int, customers: list[Customer], goods: tuple[Good, ...], today: date
) -> tuple[Document, ...]:
    papers = []
    for number in range(1, count + 1 if customers else 1):
        customer = dice.choice(customers)
        tax = None if customer.place.tax == "Exempt" else customer.place.tax
        lines = tuple(
            Line(dice.choice(goods), Decimal(dice.choice(("1", "2", "3", "1.5", "10"))), tax)
            for _ in range(dice.randint(1, 4))
        )
        paid = Decimal(dice.choice(("0", "0", "0.5", "1", "1")))
        day = today - timedelta(days=dice.randint(0, 360))
        papers.append(Document(number, customer, day, lines, sent=paid > 0 or dice.random() < 0.8, paid=paid))
    return tuple(papers)


def _ascii(name: str) -> str:
    plain = "".join(each for each in name.lower() if each.isascii() and each.isalnum())
    return plain or "contact"
