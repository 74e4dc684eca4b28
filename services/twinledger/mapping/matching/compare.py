"""Mapping, matching: two portraits, compared feature by feature.

In: Portrait, Portrait    Out: Comparison: what each feature says, the points, and the level they reach
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import OSA

from twinledger.mapping.match_rule import Feature, MatchRule
from twinledger.mapping.matching.portrait import Portrait
from twinledger.mapping.matching.words import Word, alike, person_words, without_legal_form

__all__ = ["Comparison", "Level", "are_one", "compare"]

Level = Literal["link", "review", "new"]
_AGREES = frozenset({"same", "alike", "part"})
_LONG_NAME = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """`answers` names only features that both sides speak about."""

    answers: Mapping[Feature, str]
    score: float
    level: Level


def compare(one: Portrait, other: Portrait, rule: MatchRule) -> Comparison:
    """The same whichever side is named first."""
    said: dict[Feature, str] = {}
    for feature, answer in (
        ("email", _email(one, other)),
        ("phone", _phone(one, other)),
        ("site", _site(one, other)),
        ("address", _address(one, other)),
        ("person", _person(one, other)),
        ("organization", _organization(one, other)),
    ):
        if answer:
            said[feature] = answer  # type: ignore[index] # the names above
    score = sum(rule.points[feature][answer] for feature, answer in said.items())
    return Comparison(said, score, _level(said, score, one, other, rule))


def are_one(rule: MatchRule) -> Callable[[Portrait, Portrait], bool]:
    """Would this rule link the two, seen alone?"""
    return lambda one, other: compare(one, other, rule).level == "link"


def _level(
    said: Mapping[Feature, str], score: float, one: Portrait, other: Portrait, rule: MatchRule
) -> Level:
    if score < rule.review:
        return "new"
    if score < rule.link or _doubtful(said, one, other):
        return "review"
    return "link"


def _doubtful(said: Mapping[Feature, str], one: Portrait, other: Portrait) -> bool:
    """However many points there are: a name alone links nobody, nor does anything against a name."""
    person, organization = said.get("person"), said.get("organization")
    if "other" in (person, organization) or person == "part":
        return True
    if person in _AGREES:
        return _may_be_colleagues(said) if organization in _AGREES else _may_be_kin(said)
    if organization in _AGREES:
        return _may_be_another_of_the_office(said, one, other)
    # Of a name nothing is known on one side: its own mailbox is enough, but a company is no person.
    return (
        said.get("email") != "same"
        or _against(said) > 0
        or bool(one.organization) != bool(other.organization)
    )


def _may_be_kin(said: Mapping[Feature, str]) -> bool:
    """Father and son have one name, one home and one telephone: only a mailbox tells them apart, and with a
    name that is merely alike ("Jan", "Jana") not even that."""
    home = said.get("phone") == said.get("address") == "same"
    return said.get("email") != "same" or _against(said) > 0 or (said["person"] != "same" and not home)


def _may_be_colleagues(said: Mapping[Feature, str]) -> bool:
    """One name twice in one company is rare, but something besides the company's name must say it is one."""
    if said.get("email") in ("same", "shared"):
        return False
    sure = said["person"] == "same" and "same" in (said.get("phone"), said.get("address"))
    return not sure or _against(said) > 0


def _may_be_another_of_the_office(said: Mapping[Feature, str], one: Portrait, other: Portrait) -> bool:
    """Departments share a name, a mailbox and numbers: where one side names a person, the other must."""
    if one.person or other.person or said.get("email") not in ("same", "shared"):
        return True
    return _against(said) > 0 or "same" not in (said.get("phone"), said.get("address"))


def _against(said: Mapping[Feature, str]) -> int:
    return (said.get("phone"), said.get("address")).count("different")


def _email(one: Portrait, other: Portrait) -> str:
    if not one.email or not other.email:
        return ""
    if one.email == other.email:
        return "shared" if one.shared_mailbox or other.shared_mailbox else "same"
    return "alike" if OSA.distance(one.email, other.email, score_cutoff=1) <= 1 else "different"


def _phone(one: Portrait, other: Portrait) -> str:
    if not one.phones or not other.phones:
        return ""
    same = any(a.endswith(b) or b.endswith(a) for a in one.phones for b in other.phones)
    return "same" if same else "different"


def _site(one: Portrait, other: Portrait) -> str:
    if not one.sites or not other.sites:
        return ""
    return "different" if one.sites.isdisjoint(other.sites) else "same"


def _address(one: Portrait, other: Portrait) -> str:
    """House number and a word of the street must agree, in one town."""
    towns = [
        _folded(a) == _folded(b)
        for a, b in ((one.city, other.city), (one.postal_code, other.postal_code))
        if a and b
    ]
    if not towns:
        return ""
    if not any(towns):
        return "different"
    if not one.street or not other.street:
        return "near"
    numbers_a, words_a = _street(one.street)
    numbers_b, words_b = _street(other.street)
    known = bool(numbers_a and numbers_b) and (numbers_a <= numbers_b or numbers_b <= numbers_a)
    return "same" if known and any(alike(a, b) for a in words_a for b in words_b) else "different"


def _street(text: str) -> tuple[set[str], list[Word]]:
    words = person_words(text)
    numbers = {word.text for word in words if word.text[0].isdigit()}
    return numbers, [word for word in words if len(word.text) > 2 and not word.text[0].isdigit()]


def _person(one: Portrait, other: Portrait) -> str:
    """A company typed as a person's name is compared with companies."""
    if not one.person or not other.person:
        return ""
    return _words(_spelled_out(one.person), _spelled_out(other.person))


def _organization(one: Portrait, other: Portrait) -> str:
    if one.organization and other.organization:
        return _words(one.organization, other.organization)
    name, person = (one.organization, other.person) if one.organization else (other.organization, one.person)
    answer = _words(name, without_legal_form(person)) if name and person else ""
    return answer if answer in ("same", "alike") and len(name) > 1 else ""


def _spelled_out(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Without initials, while two words are left: "Ana M. Ruiz"."""
    longer = tuple(word for word in words if len(word.text) > 1)
    return longer if len(longer) >= 2 else words


def _words(one: tuple[Word, ...], other: tuple[Word, ...]) -> str:
    """`part` when one of them says no more than a word; characters that tell no sound prove nothing."""
    if _joined(one) == _joined(other):
        return "same"
    short, long = sorted((one, other), key=len)
    rest, met, equal = list(long), 0, 0
    for word in sorted(short, key=lambda w: -len(w.text)):
        found = next((w for w in rest if w.text == word.text), None) or next(
            (w for w in rest if _meets(word, w)), None
        )
        if found is not None:
            rest.remove(found)
            met += 1
            equal += found.text == word.text
    if met == len(short):
        whole = len(short) >= 2 or len(long) == 1
        return ("same" if equal == len(long) else "alike") if whole else "part"
    if _slipped(one, other):
        return "alike"
    if any(word.mute != other_word.mute for word in short for other_word in long):
        return "part" if met else ""
    return "other"


def _meets(one: Word, other: Word) -> bool:
    a, b = sorted((one.text, other.text), key=len)
    return (len(a) == 1 and b[0] == a) or alike(one, other)


def _joined(words: tuple[Word, ...]) -> str:
    return "".join(sorted(word.text for word in words))


def _slipped(one: tuple[Word, ...], other: tuple[Word, ...]) -> bool:
    """Split or written together: "Xiu Ying Wang", "Xiuying Wang"."""
    a, b = "".join(word.text for word in one), "".join(word.text for word in other)
    return (
        len(b) >= _LONG_NAME
        and (a + b).isalpha()
        and (OSA.distance(a, b, score_cutoff=1) <= 1 or sorted(a) == sorted(b))
    )


def _folded(text: str) -> str:
    return "".join(word.text for word in person_words(text))
