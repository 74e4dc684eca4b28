"""Zoho platform: a resource of a finance product: its paths, its keys, and the stamp on its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["FinanceResource", "stamp"]


@dataclass(frozen=True, slots=True)
class FinanceResource:
    """`demands` are body fields without which a PUT is refused. `number` is the field whose presence needs
    `ignore_auto_number_generation`. `list_query` shapes the poll; `newest_first`: it comes sorted so.
    `phases`: the action that brings a record to a state. `entity` and `payload_keys` are the webhooks'."""

    object: str
    path: str
    singular: str
    plural: tuple[str, ...]
    id_key: str
    demands: tuple[str, ...]
    number: str = ""
    newest_first: bool = False
    list_query: tuple[tuple[str, str], ...] = ()
    phases: Mapping[str, str] | None = None
    entity: str = ""
    payload_keys: tuple[str, ...] = ()


def stamp(record: Mapping[str, Any]) -> datetime | None:
    """`last_modified_time`: ISO with an offset that has no colon; not every resource has one."""
    text = record.get("last_modified_time")
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo else None
