"""Mapping, matching: a record as the comparison sees it, and the keys under which it is found.

In: canonical fields, MatchRule    Out: Portrait; keys such as "customer?email=ana@harbor.example"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from twinledger.mapping.match_rule import MatchRule
from twinledger.mapping.matching.words import (
    Word,
    organization_words,
    person_words,
    skeleton,
    without_legal_form,
)
from twinledger.mapping.natural_keys import natural_key

__all__ = ["Portrait", "keys_of", "match_keys_of", "portrait_of"]

_NOT_DIGIT = re.compile(r"\D+")
_NUMBER = re.compile(r"\d+")
_LOCAL_DIGITS = 7
_MOST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Portrait:
    """`phones` are digits without country prefix signs; `sites` the domains it is at home in."""

    email: str
    shared_mailbox: bool
    phones: tuple[str, ...]
    sites: frozenset[str]
    person: tuple[Word, ...]
    organization: tuple[Word, ...]
    street: str
    city: str
    postal_code: str


def portrait_of(fields: Mapping[str, Any], rule: MatchRule) -> Portrait:
    """What the fields say; what they leave out is empty."""
    return _seen(tuple([fields.get(path) for path in rule.paths]), rule)[0]


def match_keys_of(fields: Mapping[str, Any], rule: MatchRule) -> Sequence[str]:
    """As `keys_of` the portrait of these fields."""
    return _seen(tuple([fields.get(path) for path in rule.paths]), rule)[1]


@lru_cache(maxsize=4096)
def _seen(values: tuple[Any, ...], rule: MatchRule) -> tuple[Portrait, Sequence[str]]:
    """A record is looked at several times on its way through a batch."""
    portrait = _portrait(dict(zip(rule.paths, values, strict=True)), rule)
    return portrait, keys_of(portrait, rule)


def _portrait(fields: Mapping[str, Any], rule: MatchRule) -> Portrait:
    email = fields.get(rule.email) or ""
    local, _, domain = email.partition("@")
    sites = {_host(fields.get(rule.website) or "")}
    if domain not in rule.public_domains:
        sites.add(domain)
    return Portrait(
        email,
        local in rule.shared_mailboxes,
        tuple(digits for path in rule.phones if (digits := _digits(fields.get(path)))),
        frozenset(sites - {""}),
        person_words(" ".join(filter(None, (fields.get(path) for path in rule.person)))),
        organization_words(fields.get(rule.organization) or ""),
        " ".join(filter(None, (fields.get(path) for path in rule.address.street))),
        fields.get(rule.address.city) or "",
        fields.get(rule.address.postal_code) or "",
    )


def keys_of(portrait: Portrait, rule: MatchRule) -> list[str]:
    """Candidates share at least one of these. A name gives one key in all, and one for each word with the
    initials of the others, so that one mistyped word does not hide it."""
    said: dict[str, None] = {}
    if portrait.email:
        said[natural_key(rule.entity, {"email": portrait.email})] = None
    for digits in portrait.phones:
        said[f"{rule.entity}?phone={digits[-_LOCAL_DIGITS:]}"] = None
    for site in sorted(portrait.sites):
        said[natural_key(rule.entity, {"site": site})] = None
    number = _NUMBER.search(portrait.street)
    if number and portrait.postal_code:
        said[natural_key(rule.entity, {"place": f"{portrait.postal_code} {number[0]}"})] = None
    for words in (portrait.person, portrait.organization):
        for text in _name_keys(without_legal_form(words)):
            said[f"{rule.entity}?name={text}"] = None
    return list(said)


def _name_keys(words: tuple[Word, ...]) -> list[str]:
    bones = sorted(skeleton(word.text) for word in words if len(word.text) > 1)[:_MOST_WORDS]
    if not bones:
        return []
    if len(bones) == 1:
        return bones
    partial = [f"{bone} {''.join(sorted(b[0] for b in bones if b is not bone))}" for bone in bones]
    return [" ".join(bones), *(f"{text}." for text in partial)]


def _digits(value: Any) -> str:
    """A number in any form, "+1 (207) 555-0142 x12": no prefix sign, no trunk zero, no extension."""
    digits = _NOT_DIGIT.sub("", str(value or "").partition("x")[0]).lstrip("0")
    return digits if len(digits) >= _LOCAL_DIGITS else ""


def _host(address: str) -> str:
    host = address.lower().partition("://")[2] or address.lower()
    return host.partition("/")[0].partition(":")[0].removeprefix("www.").rstrip(".")
