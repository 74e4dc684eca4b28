"""Zoho CRM: the few COQL statements we send; values are ids and references, nothing a person typed."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["MAX_IN", "MAX_ROWS", "contacts_of", "ids_by"]

MAX_IN = 50
MAX_ROWS = 200
"""One credit up to here."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def ids_by(module: str, field: str, value: str) -> str:
    """Ids of the records whose field has exactly this value."""
    return f"select id from {module} where ({field} = {_quoted(value)})"  # noqa: S608 (plain values only)


def contacts_of(account_ids: Sequence[str], offset: int) -> str:
    """One page of the contacts of at most MAX_IN accounts."""
    accounts = ", ".join(map(_quoted, account_ids))
    where = f"where (Account_Name in ({accounts})) limit {offset}, {MAX_ROWS}"
    return f"select id, Account_Name from Contacts {where}"  # noqa: S608 (plain values only)


def _quoted(value: str) -> str:
    if not _PLAIN.fullmatch(value):
        raise ValueError("neither an id nor a reference")
    return f"'{value}'"
