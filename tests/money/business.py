"""How businesses bill: invoices and orders in eight currencies, by seed. Knows nothing of mappings.

Each country's firms tax as they do there: one tax, two side by side, one upon the other, by the line,
or inside the price; they give discounts by the line or off the whole, before or after tax, sell by the
quarter hour, by weight and by the thousandth of a cent, and take goods back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Literal

__all__ = ["CURRENCIES", "SHAPES", "Bill", "Country", "Position", "Rate", "bill", "payments"]

Shape = Literal["exclusive", "inclusive", "compound", "per_line", "mixed"]
SHAPES: Sequence[Shape] = ("exclusive", "inclusive", "compound", "per_line", "mixed")


@dataclass(frozen=True, slots=True)
class Rate:
    name: str
    percent: str
    compound: bool = False


@dataclass(frozen=True, slots=True)
class Country:
    """`usual` is what most lines bear, `beside` comes on top of it, `upon` is taken on both."""

    currency: str
    usual: Rate
    reduced: Rate
    beside: Rate
    upon: Rate
    scale: Decimal
    """What a small price of the United States is there."""

    @property
    def coarse(self) -> bool:
        """Where the coin is not the cent, shops round what they weigh before they write it down."""
        return self.currency in ("JPY", "BHD")


_TAXES = """
USD   1  State Tax 8.25 | Food Tax 2.25 | County 0.375 | Lodging 6
CAD   1  GST CA 5       | HST CA 13     | QST CA 9.975 | PST on GST 10
EUR   1  TVA 20         | TVA reduite 5.5 | Eco 1.1    | Sejour 3
GBP   1  VAT UK 20      | VAT UK low 5  | Levy 2       | Duty 4
AUD   1  GST AU 10      | GST AU half 5 | WET 29       | LCT 33
INR  80  CGST 9         | IGST 5        | SGST 9       | Cess 12
JPY 150  Shohizei 10    | Keigen 8      | Nyuto 1.5    | Shuku 2
BHD 0.4  VAT BH 10      | VAT BH zero 0 | Municipal 5  | Tourism 10
"""


def _country(row: str) -> Country:
    currency, scale, taxes = row.split(maxsplit=2)
    names = (tax.strip().rsplit(" ", 1) for tax in taxes.split("|"))
    usual, reduced, beside, upon = (Rate(name, percent) for name, percent in names)
    return Country(currency, usual, reduced, beside, replace(upon, compound=True), Decimal(scale))


COUNTRIES = tuple(map(_country, _TAXES.strip().splitlines()))
CURRENCIES = tuple(country.currency for country in COUNTRIES)
GOODS = ("Oven service", "Menu layout", "Rice 25 kg", "Consulting", "Prints", "Chair", "Travel", "Diesel")


@dataclass(frozen=True, slots=True)
class Position:
    """One line as it is typed; `off` is "10%" or an amount."""

    name: str
    quantity: Decimal
    price: Decimal
    rates: tuple[Rate, ...]
    off: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice or order; `off` is taken from the whole."""

    number: int
    currency: str
    shape: Shape
    positions: tuple[Position, ...]
    off: str = ""
    off_before_tax: bool = True
    shipping: Decimal = Decimal(0)
    adjustment: Decimal = Decimal(0)


def bill(number: int, random: Random) -> Bill:
    """The bill of that number."""
    country, shape = COUNTRIES[number % len(COUNTRIES)], SHAPES[number // len(COUNTRIES) % len(SHAPES)]
    many = random.choice((1, 1, 2, 2, 3, 3, 4, 6, 9))
    positions = tuple(_position(country, shape, index, random) for index in range(many))
    extras = random.random() < 0.15
    return Bill(
        number,
        country.currency,
        shape,
        positions,
        off=_off_the_whole(country, random),
        off_before_tax=random.random() < 0.8,
        shipping=_money(country, random, 5, 60) if extras else Decimal(0),
        adjustment=_money(country, random, -2, 2) if extras and random.random() < 0.5 else Decimal(0),
    )


def payments(total: Decimal, unit: Decimal, random: Random) -> list[Decimal]:
    """What a customer pays: all, parts, less or more than is owed."""
    if total <= 0:
        return []
    parts = _parts(total, unit, random)
    habit = random.random()
    if habit < 0.15:
        return parts[:-1]
    if habit < 0.25:
        return [*parts, unit * random.randint(1, 500)]
    return parts


def _parts(total: Decimal, unit: Decimal, random: Random) -> list[Decimal]:
    count = random.choice((1, 1, 1, 2, 3))
    part = (total / count // unit) * unit
    return [each for each in (*[part] * (count - 1), total - part * (count - 1)) if each > 0]


def _position(country: Country, shape: Shape, index: int, random: Random) -> Position:
    kinds = (
        _hours,
        _pieces,
        _pieces,
        *((_returned,) if index else ()),
        *(() if country.coarse else (_weight, _fractions)),
    )
    quantity, price = random.choice(kinds)(country, random)
    off = random.choice(("10%", "5%", "2.5", "33.33%")) if random.random() < 0.1 else ""
    if price < 10:
        off = off if off.endswith("%") else ""
    return Position(random.choice(GOODS), quantity, price, _rates(country, shape, index, random), off)


def _rates(country: Country, shape: Shape, index: int, random: Random) -> tuple[Rate, ...]:
    if shape == "compound":
        return (country.usual, country.upon)
    if shape == "per_line":
        return (country.usual,) if index % 2 else (country.reduced,)
    if shape == "mixed":
        choices: Sequence[tuple[Rate, ...]] = (
            (),
            (country.usual,),
            (country.reduced,),
            (country.usual, country.beside),
            (country.beside, country.usual),
        )
        return random.choice(choices)
    return (country.usual,)


def _hours(country: Country, random: Random) -> tuple[Decimal, Decimal]:
    return Decimal(random.randint(1, 160)) / 4, _money(country, random, 25, 220)


def _pieces(country: Country, random: Random) -> tuple[Decimal, Decimal]:
    return Decimal(random.randint(1, 24)), _money(country, random, 1, 900)


def _weight(country: Country, random: Random) -> tuple[Decimal, Decimal]:
    return Decimal(random.randint(50, 25_000)) / 1000, _money(country, random, 1, 30)


def _fractions(country: Country, random: Random) -> tuple[Decimal, Decimal]:
    """Prints, kilowatt hours, litres: a price finer than the coin."""
    return Decimal(random.randint(100, 20_000)), Decimal(random.randint(10, 9_999)) / 10_000 * country.scale


def _returned(country: Country, random: Random) -> tuple[Decimal, Decimal]:
    """One line in twelve takes something back."""
    quantity, price = _pieces(country, random)
    return (-min(quantity, Decimal(2)), price) if random.random() < 0.5 else (quantity, price)


def _money(country: Country, random: Random, least: int, most: int) -> Decimal:
    """A price in that country's coin, as prices look there."""
    amount = Decimal(random.randint(least * 100, most * 100)) / 100 * country.scale
    if country.currency == "JPY":
        step = Decimal(random.choices((1000, 100, 10, 1), (12, 5, 2, 1))[0])
        return (amount / step).quantize(Decimal(1)) * step
    if country.currency == "BHD":
        step = Decimal(random.choices(("0.5", "0.1", "0.05", "0.005"), (12, 5, 2, 1))[0])
        return (amount / step).quantize(Decimal(1)) * step
    return amount.quantize(Decimal("0.01"))


def _off_the_whole(country: Country, random: Random) -> str:
    if random.random() > 0.25:
        return ""
    percent = random.choice(("5%", "10%", "12.5%", "3%", "33.33%"))
    return percent if random.random() < 0.6 else f"{_money(country, random, 1, 5):f}"
