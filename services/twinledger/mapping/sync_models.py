"""Mapping: the shape of the files that say which systems hold an entity."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twinledger.mapping.match_rule import MatchStatement
from twinledger.mapping.statement import Statement

__all__ = ["AccountStatement", "SyncFile", "SystemStatement"]


class SystemStatement(Statement):
    """`shares`: an object of the same vendor that shows the same records under the same ids; of what
    happens here we hear, read and written is there."""

    role: str = "primary"
    when: str | None = None
    create: bool = True
    shares: str | None = None


class AccountStatement(Statement):
    """A field told by the account table: a word of the books for the first of the fields `of` that has a row.
    `otherwise`: for what has none, `ask` for a person's word; `once`: only when the record is made."""

    of: list[str] = Field(min_length=1)
    rows: dict[str, str] = {}
    otherwise: str | None = None
    once: bool = False


class SyncFile(Statement):
    sync: str
    version: int = Field(1, ge=1)
    systems: dict[str, SystemStatement]
    policy: dict[str, str]
    match: list[list[str]] | MatchStatement = []
    accounts: dict[str, AccountStatement] = {}
    delete: Literal["archive", "void", "propagate", "detach"] = "archive"
    since: str | None = None
