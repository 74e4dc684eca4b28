"""Mapping functions: countries. Vendors print names, we hold ISO 3166 alpha-2 codes.

Declared loss: which of a country's names a person had chosen. A text that names no country is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import pycountry

from twinledger.mapping.functions.texts import read_trimmed

__all__ = ["country_name", "read_country"]

_NOT_LETTERS = re.compile(r"[^\w]+")

# Names that people and vendors type and that ISO 3166 does not list.
_OTHER_NAMES = {
    "america": "US",
    "britain": "GB",
    "czech republic": "CZ",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "ivory coast": "CI",
    "northern ireland": "GB",
    "russia": "RU",
    "scotland": "GB",
    "south korea": "KR",
    "swaziland": "SZ",
    "turkey": "TR",
    "uk": "GB",
    "united states of america": "US",
    "usa": "US",
    "wales": "GB",
}


def read_country(value: Any) -> str | None:
    """Alpha-2 code of a name or code in any case and punctuation."""
    text = read_trimmed(value)
    if text is None:
        return None
    return _by_name().get(_key(text), text)


def country_name(code: str) -> str:
    """English name, which every vendor accepts; a text that is no code stays."""
    return _by_code().get(code, code)


def _key(text: str) -> str:
    # "U.S.A" is "usa", "Korea, South" is "korea south".
    return _NOT_LETTERS.sub(" ", text.replace(".", "")).strip().lower()


@lru_cache(maxsize=1)
def _by_code() -> Mapping[str, str]:
    return MappingProxyType(
        {country.alpha_2: getattr(country, "common_name", country.name) for country in pycountry.countries}
    )


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, str]:
    names = {}
    for country in pycountry.countries:
        for attribute in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
            name = getattr(country, attribute, None)
            if name is not None:
                names[_key(name)] = country.alpha_2
    return MappingProxyType(names | _OTHER_NAMES)
