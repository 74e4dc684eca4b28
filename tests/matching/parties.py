"""Match proof: the customers there really are, with what is true of each; how they are typed is `entries.py`.

Drawn as a real address book is: few names are very common, families share a home, offices a mailbox,
branches a name, bookkeepers answer for several clients, and many are on one side only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from tests.matching.words import (
    CITIES,
    FAMILY,
    GIVEN,
    LEGAL_FORMS,
    PROVIDERS,
    QUALITIES,
    ROLES,
    STREETS,
    TRADES,
    Name,
)

__all__ = ["Address", "Party", "draw_parties"]

_LOCALES = ("en", "de", "es", "pl", "ru", "el", "ar", "zh", "ja", "in", "vi")
_SHARES = (56, 8, 8, 4, 5, 2, 4, 4, 3, 4, 2)


Kind = Literal["person", "organization", "sole_trader"]


@dataclass(frozen=True, slots=True)
class Address:
    number: int
    street: str
    suite: str
    city: str
    region: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Party:
    """One customer. A sole trader is a person with a trade name; an organization may name nobody."""

    truth: int
    locale: str
    kind: Kind
    given: Name
    family: Name
    organization: str
    legal_form: str
    mailbox: str
    private_mailbox: str
    phone: str
    mobile: str
    address: Address
    website: str


def draw_parties(dice: Random, count: int) -> list[Party]:
    """At least `count` of them; households and offices come in groups."""
    parties: list[Party] = []
    while len(parties) < count:
        chance = dice.random()
        first = _party(dice, len(parties))
        parties.append(first)
        if first.kind == "person" and chance < 0.05:
            parties += _household(dice, first, len(parties))
        elif first.kind == "organization" and chance < 0.04:
            parties += _colleagues(dice, first, len(parties))
        elif first.kind == "organization" and chance < 0.07:
            parties += _branches(dice, first, len(parties))
        elif first.kind == "organization" and chance < 0.08:
            parties += _clients_of_a_bookkeeper(dice, first, len(parties))
    return parties


def _often(dice: Random, names: tuple[Name, ...]) -> Name:
    """The first ones far more often, as surnames are spread."""
    if dice.random() < 0.5:
        return dice.choice(names)
    return names[min(int(dice.paretovariate(0.9)), len(names)) - 1]


def _party(dice: Random, truth: int) -> Party:
    locale = dice.choices(_LOCALES, _SHARES)[0]
    kinds: tuple[Kind, ...] = ("person", "organization", "sole_trader")
    kind = dice.choices(kinds, (38, 54, 8))[0]
    given, family = _often(dice, GIVEN[locale]), _often(dice, FAMILY[locale])
    if kind == "organization" and dice.random() < 0.22:
        given, family = ("",), ("",)
    organization = "" if kind == "person" else _company(dice, family[-1], kind)
    forms = LEGAL_FORMS.get(locale, LEGAL_FORMS["en"])
    legal_form = dice.choice(forms) if kind == "organization" and dice.random() < 0.6 else ""
    domain = _domain(dice, organization, truth) if organization else ""
    address = _address(dice, locale)
    return Party(
        truth, locale, kind, given, family, organization, legal_form,
        _mailbox(dice, given[-1], family[-1], domain, truth), _private(dice, given[-1] or "shop", truth),
        _phone(dice, locale), _phone(dice, locale), address,
        f"https://{domain}" if domain and dice.random() < 0.6 else "",
    )  # fmt: skip


def _company(dice: Random, family: str, kind: str) -> str:
    trade = dice.choice(TRADES)
    if family and (kind == "sole_trader" or dice.random() < 0.25):
        return f"{family} {trade}"
    if dice.random() < 0.3:
        return f"{dice.choice(QUALITIES)} {dice.choice(QUALITIES)} {trade}"
    return f"{dice.choice(QUALITIES)} {trade}"


def _domain(dice: Random, organization: str, truth: int) -> str:
    """Its own: nobody registers a domain twice."""
    words = [_plain(word) for word in organization.split()]
    ending = dice.choice(("com", "com", "net", "co", "biz", "example"))
    return f"{dice.choice(('', '-')).join(words)}{truth}.{ending}"


def _private(dice: Random, given: str, truth: int) -> str:
    return f"{_plain(given)}{truth}@{dice.choice(PROVIDERS)}"


def _mailbox(dice: Random, given: str, family: str, domain: str, truth: int) -> str:
    """A private one, one's own at the company, or the one that a whole office reads."""
    person = _plain(given) or _plain(family)
    if not domain:
        form = dice.choice(("{g}.{f}{n}", "{g}{f}{n}", "{f}.{g}{n}", "{g}{n}"))
        return form.format(g=person, f=_plain(family), n=truth) + f"@{dice.choice(PROVIDERS)}"
    if not person or dice.random() < 0.35:
        return f"{dice.choice(ROLES)}@{domain}"
    form = dice.choice(("{g}", "{g}.{f}", "{i}{f}", "{i}.{f}"))
    return form.format(g=person, f=_plain(family) or "team", i=person[0]) + f"@{domain}"


def _phone(dice: Random, locale: str) -> str:
    _, _, _, _, dial, areas = dice.choice(CITIES[locale])
    return f"+{dial}{dice.choice(areas)}{dice.randint(2_000_000, 9_999_999)}"


def _address(dice: Random, locale: str) -> Address:
    city, region, code, country, _, _ = dice.choice(CITIES[locale])
    digits = "".join(str(dice.randint(0, 9)) if each == "#" else each for each in code)
    street = dice.choice(STREETS.get(locale, STREETS["other"]))
    suite = f"Suite {dice.randint(1, 60)}" if dice.random() < 0.2 else ""
    return Address(dice.randint(1, 240), street, suite, city, region, digits, country)


def _household(dice: Random, first: Party, truth: int) -> list[Party]:
    """Same home, same telephone, same name; often one mailbox for both, sometimes father and son."""
    given = first.given if dice.random() < 0.1 else _often(dice, GIVEN[first.locale])
    own = _mailbox(dice, given[-1], first.family[-1], "", truth)
    return [replace(
        first, truth=truth, given=given,
        mailbox=first.mailbox if dice.random() < 0.4 else own,
        private_mailbox=_private(dice, given[-1], truth), mobile=_phone(dice, first.locale),
    )]  # fmt: skip


def _colleagues(dice: Random, first: Party, truth: int) -> list[Party]:
    """Departments of one company, each a customer of its own with its own person."""
    domain = first.mailbox.partition("@")[2]
    made = []
    for number in range(dice.randint(1, 2)):
        given, family = _often(dice, GIVEN[first.locale]), _often(dice, FAMILY[first.locale])
        shared = dice.random() < 0.5
        made.append(replace(
            first, truth=truth + number, given=given, family=family,
            mailbox=first.mailbox if shared else _mailbox(dice, given[-1], family[-1], domain, truth),
            private_mailbox=_private(dice, given[-1], truth + number), mobile=_phone(dice, first.locale),
        ))  # fmt: skip
    return made


def _branches(dice: Random, first: Party, truth: int) -> list[Party]:
    """One name in several cities: a chain, or two companies that never heard of each other."""
    other = _party(dice, truth)
    return [replace(
        first, truth=truth, given=other.given, family=other.family, phone=other.phone, mobile=other.mobile,
        address=other.address, private_mailbox=other.private_mailbox,
        mailbox=first.mailbox if dice.random() < 0.3 else other.private_mailbox,
        website=first.website if dice.random() < 0.5 else "",
    )]  # fmt: skip


def _clients_of_a_bookkeeper(dice: Random, first: Party, truth: int) -> list[Party]:
    """Different companies; the invoices of all go to whoever keeps their books."""
    firm = _plain(_often(dice, FAMILY["en"])[0])
    mailbox = f"{dice.choice(('invoices', 'billing', 'maria', 'office'))}@{firm}{truth}-books.com"
    others = [_party(dice, truth + number) for number in range(dice.randint(1, 3))]
    return [replace(each, truth=truth + n, mailbox=mailbox) for n, each in enumerate(others)]


def _plain(name: str) -> str:
    return "".join(each for each in name.lower() if each.isascii() and each.isalnum())
