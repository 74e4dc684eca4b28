"""Match proof: the words of `words.yaml`, ready to draw from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

__all__ = [
    "CITIES",
    "FAMILY",
    "GIVEN",
    "LEGAL_FORMS",
    "NICKNAMES",
    "PROVIDERS",
    "QUALITIES",
    "ROLES",
    "STREETS",
    "TRADES",
    "Name",
]

Name = tuple[str, ...]
"""Native spelling first, then what it becomes on a Latin keyboard."""

_WORDS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text())


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


def _names(part: str) -> dict[str, tuple[Name, ...]]:
    return {
        locale: tuple(tuple(word.split("|")) for word in _listed(text))
        for locale, text in _WORDS[part].items()
    }


GIVEN = _names("given")
FAMILY = _names("family")
NICKNAMES: dict[str, str] = _WORDS["nicknames"]
QUALITIES = _listed(_WORDS["qualities"])
TRADES = _listed(_WORDS["trades"])
ROLES = _listed(_WORDS["roles"])
PROVIDERS = _listed(_WORDS["providers"])
LEGAL_FORMS = {locale: _listed(text) for locale, text in _WORDS["legal_forms"].items()}
STREETS = {locale: _listed(text) for locale, text in _WORDS["streets"].items()}
CITIES = {
    locale: tuple((*place[:5], tuple(place[5].split())) for place in places)
    for locale, places in _WORDS["cities"].items()
}
