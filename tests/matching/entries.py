"""Match proof: the same customers as two offices typed them, each with its own gaps and slips.

What comes out has the form that transform gives to a record. Rates are of one entry of one side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.matching.parties import Party, draw_parties
from tests.matching.words import NICKNAMES

from twinledger.mapping.functions.phones import read_phone
from twinledger.mapping.functions.texts import read_email, read_trimmed

__all__ = ["Book", "Entry", "draw_books"]

_KEYS = {"a": "sqz", "e": "wrd", "i": "uok", "o": "ipl", "n": "bm", "r": "et", "s": "ad", "t": "ry", "m": "n"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of one side; `truth` is whom it means."""

    external_id: str
    truth: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Book:
    """Both sides of one business."""

    left: list[Entry]
    right: list[Entry]


def draw_books(seed: int, size: int) -> Book:
    """About four in five customers are on both sides, one in fifty stands twice on a side."""
    dice = Random(f"match:{seed}")
    left: list[Entry] = []
    right: list[Entry] = []
    for party in draw_parties(dice, size + size // 3):
        where = dice.choices(("both", "left", "right"), (80, 10, 10))[0]
        for side, book, typed in (("left", left, _as_invoicer), ("right", right, _as_seller)):
            for _ in range(2 if dice.random() < 0.02 else 1):
                if where in ("both", side) and len(book) < size:
                    book.append(Entry(f"{side[0].upper()}{len(book) + 1}", party.truth, typed(dice, party)))
    dice.shuffle(left)
    dice.shuffle(right)
    return Book(left, right)


def _as_invoicer(dice: Random, party: Party) -> dict[str, Any]:
    """A bookkeeper: company and mail address matter, names are typed in Latin letters."""
    return _typed(dice, party, native=0.15, no_mail=0.07, no_phone=0.35, no_address=0.2)


def _as_seller(dice: Random, party: Party) -> dict[str, Any]:
    """Sales: people and telephones matter; an address is often missing."""
    return _typed(dice, party, native=0.35, no_mail=0.12, no_phone=0.2, no_address=0.4)


def _typed(
    dice: Random, party: Party, *, native: float, no_mail: float, no_phone: float, no_address: float
) -> dict[str, Any]:
    in_own_script = dice.random() < native
    given, family = _person(dice, party, in_own_script)
    organization = _organization(dice, party)
    if party.kind == "organization" and not given and not family and dice.random() < 0.03:
        given, family, organization = organization.partition(" ")[0], organization.partition(" ")[2], ""
    elif party.kind == "organization" and organization and dice.random() < 0.1:
        given, family = "", ""
    fields: dict[str, Any] = {
        "kind": "organization" if organization else "person",
        "organization": read_trimmed(_cased(dice, organization)),
        "name.given": read_trimmed(_cased(dice, given)),
        "name.family": read_trimmed(_cased(dice, family)),
        "email": None if dice.random() < no_mail else read_email(_email(dice, party)),
        "website": _website(dice, party),
    }
    fields |= _phones(dice, party, no_phone)
    fields |= dict.fromkeys(_ADDRESS) if dice.random() < no_address else _address(dice, party)
    return fields


def _person(dice: Random, party: Party, in_own_script: bool) -> tuple[str, str]:
    given = party.given[0] if in_own_script else dice.choice(party.given[1:] or party.given)
    family = party.family[0] if in_own_script else dice.choice(party.family[1:] or party.family)
    chance = dice.random()
    if chance < 0.04 and given in NICKNAMES:
        given = NICKNAMES[given]
    elif chance < 0.055:
        given = given[:1] and f"{given[0]}."
    elif chance < 0.09 and given:
        given = f"{given} {dice.choice('ABCDEFGHJKLMRST')}."
    elif chance < 0.10 and given:
        given = f"{dice.choice(('Dr.', 'Mr', 'Mrs.', 'Prof.'))} {given}"
    elif chance < 0.115:
        given = ""
    elif chance < 0.125:
        family = dice.choice(("Walker", "Schmidt", "Novak", "Rossi", f"{family}-Jones")) if family else ""
    given, family = _slip(dice, given, 0.03), _slip(dice, family, 0.03)
    chance = dice.random()
    if chance < 0.025:
        return family, given
    if chance < 0.04 and given and family:
        return "", f"{given} {family}"
    if chance < 0.05 and given and family:
        return f"{family}, {given}", ""
    return given, family


def _organization(dice: Random, party: Party) -> str:
    name = party.organization
    if not name or (party.kind == "sole_trader" and dice.random() < 0.45):
        return ""
    name = _slip(dice, name, 0.04)
    if party.legal_form and dice.random() < 0.65:
        name = f"{name} {party.legal_form}" if dice.random() < 0.6 else f"{name}, {party.legal_form}"
    if dice.random() < 0.03:
        name = f"The {name}"
    for long, short in (("Company", "Co"), ("Services", "Svcs"), ("Management", "Mgmt"), ("Café", "Cafe")):
        if long in name and dice.random() < 0.4:
            name = name.replace(long, short)
    return name


def _email(dice: Random, party: Party) -> str:
    chance = dice.random()
    if chance < 0.07:
        return party.private_mailbox
    local, _, domain = party.mailbox.partition("@")
    if chance < 0.085:
        local = _slip(dice, local, 1.0)
    elif chance < 0.09:
        domain = domain.replace(".com", ".con")
    text = f"{local}@{domain}"
    return text.upper() if dice.random() < 0.03 else text


def _phones(dice: Random, party: Party, missing: float) -> dict[str, Any]:
    business, mobile = party.phone, party.mobile
    if dice.random() < 0.08:
        business = f"{business[:-7]}{dice.randint(2_000_000, 9_999_999)}"  # moved, or has a new number
    if dice.random() < 0.06:
        business, mobile = mobile, business
    shown = None if dice.random() < missing else read_phone(_dialled(dice, party, business))
    second = None if dice.random() < 0.75 else read_phone(_dialled(dice, party, mobile))
    return {"phones.business": shown, "phones.mobile": second}


def _dialled(dice: Random, party: Party, phone: str) -> str:
    """International, national, grouped in many ways; one in a hundred has a wrong digit."""
    if dice.random() < 0.01:
        place = dice.randrange(len(phone) - 6, len(phone))
        phone = phone[:place] + str(dice.randint(0, 9)) + phone[place + 1 :]
    head, tail = phone[:-7], phone[-7:]
    area = head[1:]
    for dial in ("1", "44", "49", "34", "48", "372", "30", "971", "86", "81", "91"):
        if head[1:].startswith(dial):
            area = head[1 + len(dial) :]
            break
    form = dice.choices(("e164", "spaced", "national", "dots"), (45, 20, 25, 10))[0]
    if form == "e164":
        return phone
    if form == "spaced":
        return f"{head} {tail[:3]} {tail[3:]}"
    if form == "dots":
        return f"{area}.{tail[:3]}.{tail[3:]}"
    trunk = "" if dial == "1" else "0"
    return f"({trunk}{area}) {tail[:3]}-{tail[3:]}"


_ADDRESS = tuple(
    f"addresses.billing.{part}" for part in ("line1", "line2", "city", "region", "postal_code", "country")
)


def _address(dice: Random, party: Party) -> dict[str, Any]:
    place = party.address
    street = place.street
    for long, short in (
        ("Road", "Rd"),
        ("Street", "St."),
        ("Avenue", "Ave"),
        ("Lane", "Ln"),
        ("straße", "str."),
    ):
        if street.endswith(long) and dice.random() < 0.4:
            street = street.removesuffix(long) + short
    number = dice.randint(1, 240) if dice.random() < 0.05 else place.number
    continental = place.country in ("DE", "ES", "PL")
    line1 = f"{street} {number}" if continental else f"{number} {street}"
    line2 = place.suite
    if place.suite and dice.random() < 0.3:
        line1, line2 = f"{line1}, {place.suite}", ""
    values = (
        _cased(dice, _slip(dice, line1, 0.02)),
        line2,
        _cased(dice, place.city),
        place.region if dice.random() < 0.8 else "",
        place.postal_code if dice.random() < 0.9 else "",
        place.country if dice.random() < 0.9 else "",
    )
    return {path: value or None for path, value in zip(_ADDRESS, values, strict=True)}


def _website(dice: Random, party: Party) -> str | None:
    if not party.website or dice.random() < 0.5:
        return None
    host = party.website.removeprefix("https://")
    return dice.choice((f"https://{host}", f"http://www.{host}", f"www.{host}", host, f"https://{host}/"))


def _cased(dice: Random, text: str) -> str:
    chance = dice.random()
    change: Callable[[str], str] = str.upper if chance < 0.03 else str.lower if chance < 0.06 else str
    return change(text)


def _slip(dice: Random, text: str, rate: float) -> str:
    """One slip of the fingers: a letter left out, doubled, swapped with the next, or a neighbour hit."""
    if len(text) < 3 or dice.random() >= rate:
        return text
    at = dice.randrange(1, len(text) - 1)
    kind = dice.choice(("drop", "double", "swap", "neighbour"))
    if kind == "drop":
        return text[:at] + text[at + 1 :]
    if kind == "double":
        return text[:at] + text[at] + text[at:]
    if kind == "swap":
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + dice.choice(_KEYS.get(text[at].lower(), "xe")) + text[at + 1 :]
