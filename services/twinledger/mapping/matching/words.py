"""Mapping, matching: names as words that can be compared, whatever script and hand they come from.

"Müller", "MUELLER" and "Muller" must meet; "محمد" must meet "Mohammed"; "山田" (read as Chinese by any table)
says nothing about "Yamada", neither yes nor no.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii
from rapidfuzz.distance import OSA

__all__ = ["Word", "alike", "organization_words", "person_words", "skeleton", "without_legal_form"]

_JOINED = re.compile(r"['’`.]")
_UMLAUT = re.compile(r"(?<=[aou])e")  # "ü" is typed "ue", or "u"
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_VOWELS = re.compile(r"[aeiouyhw]")
_DOUBLED = re.compile(r"([a-z])(?=\1)")
_SOUNDS = str.maketrans({"c": "k", "q": "k", "z": "s", "x": "ks", "v": "f", "j": "g"})
_TITLES = frozenset(["mr", "mrs", "ms", "miss", "dr", "prof", "sir", "herr", "frau", "sr", "sra"])
_ARTICLES = frozenset(["al", "el", "ul", "bin", "ibn"])
_LEGAL_FORM_WORDS = (
    "inc llc ltd limited lp llp plc corp corporation co company gmbh ag kg kgaa ug ohg mbh sl sa sas "
    "sarl srl spa bv nv ab as oy aps pty pvt private sp z oo zoo the and und y et of de"
)
_LEGAL_FORMS = frozenset(_LEGAL_FORM_WORDS.split())


class Word(NamedTuple):
    """A word in small Latin letters. `foreign`: written in another script. `mute`: in one whose characters
    do not tell how they are read."""

    text: str
    foreign: bool = False
    mute: bool = False


@lru_cache(maxsize=65536)
def person_words(text: str) -> tuple[Word, ...]:
    """Words of a name without titles; an Arabic article belongs to what follows it."""
    words: list[Word] = []
    article = ""
    for word in _words(text):
        if word.text in _TITLES:
            continue
        if word.text in _ARTICLES:
            article = word.text
            continue
        words.append(word._replace(text=article + word.text) if article else word)
        article = ""
    return tuple(words)


@lru_cache(maxsize=65536)
def organization_words(text: str) -> tuple[Word, ...]:
    """Words of a company's name without its legal form and fillers, unless there is nothing else."""
    return without_legal_form(_words(text))


def without_legal_form(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words that are the company's own."""
    return tuple(word for word in words if word.text not in _LEGAL_FORMS) or words


@lru_cache(maxsize=65536)
def skeleton(text: str) -> str:
    """What is left of a word in most spellings: its consonants, by sound."""
    plain = text.replace("ph", "f").replace("ck", "k").replace("sch", "s").replace("tch", "k")
    bones = _VOWELS.sub("", plain.translate(_SOUNDS))
    return _DOUBLED.sub("", bones) or text[:1]


@lru_cache(maxsize=65536)
def alike(one: Word, other: Word) -> bool:
    """Equal but for a slip of the fingers, a short form, or the romanisation."""
    a, b = sorted((one.text, other.text), key=len)
    if a == b:
        return True
    if any(letter.isdigit() for letter in a + b):
        return False  # "Shop 1" is not a slip for "Shop 10"
    if len(a) >= 3 and b.startswith(a):
        return True
    if (one.foreign != other.foreign or (a[0] == b[0] and len(skeleton(a)) > 2)) and skeleton(a) == skeleton(
        b
    ):
        return True
    if len(a) >= 3 and a[0] == b[0] and a[-1] == b[-1] and len(b) - len(a) >= 3 and _within(a, b):
        return True  # "svcs", "mgmt"
    return len(b) >= 4 and OSA.distance(a, b, score_cutoff=2) <= (1 if len(b) < 8 else 2)


def _within(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def _words(text: str) -> tuple[Word, ...]:
    if text.isascii():
        return tuple(Word(part) for part in _parts(text))
    return tuple(
        Word(part, _is_foreign(piece), _is_mute(piece))
        for piece in text.split()
        for part in _parts(anyascii(piece))
    )


def _parts(latin: str) -> list[str]:
    plain = _UMLAUT.sub("", _JOINED.sub("", latin.lower()))
    return [part for part in _NOT_WORD.split(plain) if part]


def _is_foreign(text: str) -> bool:
    """Beyond the Latin blocks."""
    return any(
        ord(letter) > 0x24F and not 0x1E00 <= ord(letter) <= 0x1EFF for letter in text if letter.isalpha()
    )


def _is_mute(text: str) -> bool:
    return any(0x3400 <= ord(letter) <= 0x9FFF for letter in text)
