"""Mapping: what a workspace may choose, and what its definitions read of it.

| setting | values | read by |
|---|---|---|
| `since` | a date: older documents are matched, never made or changed | sync rules, flows |
| `invoice_state` | `draft`, `sent` | flows |
| `invoice_effects` | `email`: whatever becomes sent by us is mailed to the customer | flows |
| `base_currency` | an ISO 4217 code | flows |
| `flows.<name>` | `on`, `off` | flows |
| `accounts.<table>.<value>` | the word of the books for it; `ask` | sync rules (`account_table.py`) |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from twinledger.mapping.errors import ValueFault
from twinledger.mapping.functions.texts import read_currency

__all__ = ["NAMES", "chosen"]

NAMES = (
    *("since", "invoice_state", "invoice_effects", "base_currency"),
    *("flows.<name>", "accounts.<table>.<value>"),
)
_STATES = ("draft", "sent")
_EFFECTS = ("email",)
_SWITCH = {"on": True, "off": False}


def chosen(
    settings: Mapping[str, Any], name: str, text: str, flows: Collection[str], tables: Collection[str]
) -> dict[str, Any]:
    """The settings with one changed, an empty text taking it back; ValueFault says what is wrong."""
    head, _, flow = name.partition(".")
    if head == "flows" and flow:
        if flow not in flows:
            raise ValueFault(f"no flow is named {flow!r}; there are: {', '.join(sorted(flows))}")
        switches = {**settings.get("flows", {}), flow: _one_of(_SWITCH, text) if text else None}
        return {**settings, "flows": {key: value for key, value in switches.items() if value is not None}}
    if head == "accounts":
        return {**settings, "accounts": _with_row(settings.get("accounts", {}), flow, text, tables)}
    if name not in NAMES:
        raise ValueFault(f"no setting is named {name!r}; there are: {', '.join(NAMES)}")
    changed = {**settings, name: _read(name, text) if text else None}
    return {key: value for key, value in changed.items() if value is not None}


def _with_row(
    accounts: Mapping[str, Mapping[str, str]], place: str, text: str, tables: Collection[str]
) -> dict[str, dict[str, str]]:
    table, _, value = place.partition(".")
    if table not in tables or not value:
        known = ", ".join(f"accounts.{one}.<value>" for one in sorted(tables))
        raise ValueFault(f"no account table has such a row; there are: {known}")
    rows = {**accounts.get(table, {}), value: text}
    return {**accounts, table: {key: word for key, word in rows.items() if word}}  # type: ignore[dict-item]


def _read(name: str, text: str) -> str:
    if name == "since":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise ValueFault(f"{text!r} is no date; write it as 2026-01-01") from error
    if name == "base_currency":
        return str(read_currency(text))
    words = _STATES if name == "invoice_state" else _EFFECTS
    return str(_one_of({word: word for word in words}, text))


def _one_of(values: Mapping[str, Any], text: str) -> Any:
    if text not in values:
        raise ValueFault(f"{text!r} is none of {', '.join(values)}")
    return values[text]
