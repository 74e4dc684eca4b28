"""Mapping: how an unknown record is recognised by what it says, as data of the sync rule.

Two forms. Exact: sets of fields that identify, the best first. Scored: which fields are compared, what each
answer counts, and where the sure ends and the doubtful begins; `mapping/matching` does the comparing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict

from twinledger.mapping.yaml_source import Problem

__all__ = ["FEATURES", "AddressPaths", "MatchRule", "MatchStatement", "compile_match"]

Feature = Literal["email", "phone", "site", "address", "person", "organization"]

FEATURES: Mapping[Feature, Sequence[str]] = {
    "email": ("same", "shared", "alike", "different"),
    "phone": ("same", "different"),
    "site": ("same", "different"),
    "address": ("same", "near", "different"),
    "person": ("same", "alike", "part", "other"),
    "organization": ("same", "alike", "part", "other"),
}
"""What a comparison may say. `shared`: one mailbox, but one that many use. `near`: the same town.
`part`: all that one side says, the other says too, and more. `other`: a different one."""


class AddressPaths(BaseModel):
    """Where the parts of an address lie."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    street: list[str]
    city: str
    postal_code: str


class MatchStatement(BaseModel):
    """The `match:` block of a sync rule that scores. Points are about twice the binary logarithm of how much
    likelier an answer is for one customer than for two; `link` and `review` are sums of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str
    phones: list[str]
    website: str
    address: AddressPaths
    person: list[str]
    organization: str
    points: dict[Feature, dict[str, float]]
    link: float
    review: float
    margin: float
    common: int = 25
    shared_mailboxes: list[str] = []
    public_domains: list[str] = []


@dataclass(frozen=True, slots=True, eq=False)
class MatchRule:
    """`link`: from here two records are one. `review`: from here a person is asked. `margin`: how far the
    second best must be behind. `common`: a key that more entities hold finds nobody."""

    entity: str
    email: str
    phones: tuple[str, ...]
    website: str
    address: AddressPaths
    person: tuple[str, ...]
    organization: str
    points: Mapping[Feature, Mapping[str, float]]
    link: float
    review: float
    margin: float
    common: int
    shared_mailboxes: frozenset[str]
    public_domains: frozenset[str]
    paths: tuple[str, ...] = field(init=False)
    """Every field that decides by which keys an entity is found."""

    def __post_init__(self) -> None:
        place = (*self.address.street, self.address.city, self.address.postal_code)
        paths = (self.email, *self.phones, self.website, *self.person, self.organization, *place)
        object.__setattr__(self, "paths", paths)


def compile_match(statement: MatchStatement, entity: str, fields: Collection[str]) -> MatchRule:
    """Problem tells what is wrong and where in the file."""
    named = [statement.email, *statement.phones, statement.website, *statement.person, statement.organization]
    address = statement.address
    for path in [*named, *address.street, address.city, address.postal_code]:
        if path not in fields:
            raise Problem(f"{path} is not a field of {entity}", "match")
    for feature, answers in FEATURES.items():
        given = statement.points.get(feature, {})
        if set(given) != set(answers):
            raise Problem(f"{feature} needs points for {', '.join(answers)}", "match", "points")
    if not statement.review < statement.link:
        raise Problem("review must be below link", "match", "review")
    return MatchRule(
        entity,
        statement.email,
        tuple(statement.phones),
        statement.website,
        address,
        tuple(statement.person),
        statement.organization,
        statement.points,
        statement.link,
        statement.review,
        statement.margin,
        statement.common,
        frozenset(statement.shared_mailboxes),
        frozenset(statement.public_domains),
    )
