"""Soak: what a person can type where, and how each vendor shows it. Knows the vendors, nothing of ours.

`typed` is a person's odd way to write a value, `meaning` what it says: equal meanings are equal values.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SIDES = ("freshbooks", "zoho_crm", "zoho_books")
Record = Mapping[str, Any]
Places = Mapping[str, str]

_NAMES = (
    "Ana",
    "Zoë",
    "Łukasz",
    "O'Brien",
    "李雷",
    "Jose\u0301",
    "Ngọc-Anh",
    "Ærøskøbing",
    "van der Berg",
    "Иван",
)
_WORDS = (
    "Harbor",
    "Müller & Söhne",
    "Café “Größe”",
    "Two  Spaces",
    'Quo"te',
    "100 % <b>",
    "Back\\slash",
    "Δέλτα",
)
_COUNTRIES = {
    "USA": "US",
    "United States": "US",
    "Canada": "CA",
    "germany": "DE",
    "FRANCE": "FR",
    "Spain": "ES",
}
_CODES = {"united states": "US", "usa": "US", "canada": "CA", "germany": "DE", "france": "FR", "spain": "ES"}
_REFERENCE = re.compile(r"\s*\[?TL-[A-Z2-7]{20}\]?\s*$")


@dataclass(frozen=True, slots=True)
class FieldOf:
    """One thing to know about a customer or an item; `places`: where each side keeps it."""

    places: Places
    type_one: Callable[[random.Random, int], str]
    meaning: Callable[[Any], str]
    clearable: bool = True


def text_meaning(value: Any) -> str:
    """White space around and the way letters are composed say nothing."""
    return unicodedata.normalize("NFC", str(value or "")).replace("\r\n", "\n").strip()


def note_meaning(value: Any) -> str:
    """Our mark at the end of a note is no data."""
    return _REFERENCE.sub("", text_meaning(value)).strip()


def phone_meaning(value: Any) -> str:
    text = text_meaning(value)
    return re.sub(r"\D", "", text) if text.startswith("+") else text


def country_meaning(value: Any) -> str:
    text = text_meaning(value)
    return _CODES.get(text.lower(), text)


def street_meaning(value: Any) -> str:
    return ", ".join(line.strip() for line in text_meaning(value).split("\n") if line.strip())


def _spaced(rng: random.Random, text: str) -> str:
    return rng.choice(("{}", "{}", " {}", "{}  ", "\t{} ")).format(text)


def _name(rng: random.Random, number: int) -> str:
    return _spaced(rng, f"{rng.choice(_NAMES)} {number}")


def _words(rng: random.Random, number: int) -> str:
    return _spaced(rng, f"{rng.choice(_WORDS)} {number}")


def _note(rng: random.Random, number: int) -> str:
    return rng.choice((f"one\ntwo {number}", f"one\r\ntwo {number}", f"note {number} ✓", f"{number}\n\nend"))


def _phone(rng: random.Random, number: int) -> str:
    tail = f"{number % 10_000:04d}"
    wholes = (
        f"+1 (608) 555-{tail}",
        f"+1608555{tail}",
        f"+44 20 7946 {tail}",
        f"+1.608.555.{tail}",
        f"555-{tail}",
    )
    return rng.choice(wholes)


def _country(rng: random.Random, number: int) -> str:
    del number
    return rng.choice(sorted(_COUNTRIES))


def _price(rng: random.Random, number: int) -> str:
    return f"{number % 900 + 1}.{rng.choice(('00', '5', '25', '99', '125', '3333', '005', '9999'))}"


def price_meaning(value: Any) -> str:
    """To the cent: more is not kept everywhere."""
    amount: Any = value["amount"] if isinstance(value, Mapping) else value
    return str(Decimal(str(amount)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _places(freshbooks: str, crm: str | None, books: str | None) -> Places:
    held = {"freshbooks": freshbooks, "zoho_crm": crm, "zoho_books": books}
    return {side: place for side, place in held.items() if place is not None}


CUSTOMER: Mapping[str, FieldOf] = {
    "given": FieldOf(_places("fname", "contact:First_Name", "person:first_name"), _name, text_meaning),
    "family": FieldOf(
        _places("lname", "contact:Last_Name", "person:last_name"), _name, text_meaning, clearable=False
    ),
    "phone": FieldOf(_places("bus_phone", "holder:Phone", "person:phone"), _phone, phone_meaning),
    "mobile": FieldOf(_places("mob_phone", "contact:Mobile", "person:mobile"), _phone, phone_meaning),
    "city": FieldOf(_places("p_city", "address:City", "billing_address:city"), _words, text_meaning),
    "region": FieldOf(_places("p_province", "address:State", "billing_address:state"), _words, text_meaning),
    "code": FieldOf(_places("p_code", "address:Code", "billing_address:zip"), _name, text_meaning),
    "country": FieldOf(
        _places("p_country", "address:Country", "billing_address:country"), _country, country_meaning
    ),
    "street": FieldOf(
        _places("p_street", "address:Street", "billing_address:address"), _words, street_meaning
    ),
    "notes": FieldOf(_places("note", "holder:Description", "notes"), _note, note_meaning),
}
ORGANIZATION = FieldOf(
    _places("organization", "account:Account_Name", "company_name"), _words, text_meaning, clearable=False
)
ITEM: Mapping[str, FieldOf] = {
    "name": FieldOf(_places("name", None, "name"), _words, text_meaning, clearable=False),
    "description": FieldOf(_places("description", None, "description"), _note, text_meaning),
    "price": FieldOf(_places("unit_cost", None, "rate"), _price, price_meaning, clearable=False),
}

PATHS = {
    "name.given": "given",
    "name.family": "family",
    "organization": "organization",
    "phones.business": "phone",
    "phones.mobile": "mobile",
    "addresses.billing.line1": "street",
    "addresses.billing.city": "city",
    "addresses.billing.region": "region",
    "addresses.billing.postal_code": "code",
    "addresses.billing.country": "country",
    "notes": "notes",
    "name": "name",
    "description": "description",
    "unit_price": "price",
    "state": "state",
}
"""What our tables call the fields: only to look up what people are shown of a lost value."""


def form(side: str, place: str, value: str, *, of_company: bool) -> tuple[str, dict[str, Any]]:
    """The record of a side a person opens, and the field filled in there."""
    group, _, name = place.rpartition(":")
    if side == "zoho_crm":
        module = "account" if of_company and group in ("account", "holder", "address") else "contact"
        return f"zoho_crm.{module}", {_crm_name(group, name, of_company=of_company): value or None}
    if side == "freshbooks":
        kind = "item" if place in ("name", "description", "unit_cost") else "client"
        money = {"amount": value, "code": "USD"}
        return f"freshbooks.{kind}", {place: money if place == "unit_cost" else value}
    if place in ("name", "description", "rate"):
        return "zoho_books.item", {place: float(value) if place == "rate" else value}
    return "zoho_books.contact", {group: {name: value}} if group == "billing_address" else {name: value}


def shown(side: str, place: str, records: Mapping[str, Record], *, of_company: bool) -> Any:
    """What a side shows; `records` by object."""
    group, _, name = place.rpartition(":")
    if side == "zoho_crm":
        module = "account" if of_company and group in ("account", "holder", "address") else "contact"
        return records[f"zoho_crm.{module}"][_crm_name(group, name, of_company=of_company)]
    if side == "freshbooks":
        return records[next(one for one in records if one.startswith("freshbooks."))][place]
    record = records[next(one for one in records if one.startswith("zoho_books."))]
    if group == "person":
        return next(one for one in record["contact_persons"] if one["is_primary_contact"])[name]
    return record["billing_address"][name] if group else record[name]


def _crm_name(group: str, name: str, *, of_company: bool) -> str:
    if group != "address":
        return name
    if of_company:
        return f"Billing_{name}"
    return "Mailing_Zip" if name == "Code" else f"Mailing_{name}"
