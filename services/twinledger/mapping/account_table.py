"""Mapping: the account table: which payment mode and deposit account of the books a payment goes by.

A sync rule names the tables and the rows that ship; a workspace's own rows come first. They are words of the
books, told by a person and never made unasked. What has no row becomes what the table says, or a question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from twinledger.mapping.entity_model import JSON, CanonicalField
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.mapping.models import AccountStatement
from twinledger.mapping.yaml_source import Problem

__all__ = ["ASK", "DEFAULT", "AccountTable", "compile_accounts"]

ASK = "ask"
"""In the place of a word: a person must say."""
DEFAULT = "default"
"""The row of a workspace for whatever has none."""


@dataclass(frozen=True, slots=True)
class AccountTable:
    """`field` is told by the first of the fields `of` that has a row. `once`: until some system holds it;
    then it is that system's."""

    field: str
    of: Sequence[str]
    rows: Mapping[str, str]
    otherwise: str | None
    once: bool

    def told(self, fields: Mapping[str, JSON], chosen: Mapping[str, str]) -> str | None:
        """The word for a record with these fields, None when there is nothing to tell."""
        said = list(self.asked_for(fields))
        if not said:
            return None
        for rows in (chosen, self.rows):
            for value in said:
                if value in rows:
                    return rows[value]
        return chosen.get(DEFAULT, self.otherwise)

    def asked_for(self, fields: Mapping[str, JSON]) -> Iterator[str]:
        """What is looked up, the nearest first."""
        return (value for name in self.of if isinstance(value := fields.get(name), str) and value)


def compile_accounts(
    given: Mapping[str, AccountStatement],
    fields: Mapping[str, CanonicalField],
    policy: Mapping[str, FieldPolicy],
    ours: str,
) -> tuple[AccountTable, ...]:
    """Problem tells what is wrong and where."""
    for name, table in given.items():
        for asked in (name, *table.of):
            if asked not in fields or fields[asked].format != "text":
                raise Problem(f"{asked} is no text of this entity", "accounts", name)
        if not table.once and policy[name].owner != ours:
            raise Problem(f"{name} is told by the table: its policy is owner({ours})", "policy", name)
    return tuple(
        AccountTable(name, table.of, table.rows, table.otherwise, table.once) for name, table in given.items()
    )
