"""CLI: what a command prints: the result on stdout in the wanted form, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
import yaml
from rich.console import Console
from rich.table import Table

__all__ = ["Form", "FormOption", "print_record", "print_rows", "say", "stderr_console"]

Row = Mapping[str, Any]


class Form(StrEnum):
    """How a result is written."""

    table = "table"
    json = "json"
    yaml = "yaml"
    jsonl = "jsonl"


FormOption = Annotated[Form, typer.Option("--output", "-o", help="How to write the result.")]


def print_rows(rows: Sequence[Row], form: Form, columns: Sequence[str] | None = None) -> None:
    """A list of things; `columns` chooses and orders those of the table."""
    if form is not Form.table:
        _write(_structured(list(map(_plain, rows)), form))
        return
    names = list(columns or (rows[0] if rows else ()))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    _stdout_console().print(table)


def print_record(record: Row, form: Form) -> None:
    """One thing; as a table, one line for each of its parts."""
    if form is not Form.table:
        _write(_structured(_plain(record), form))
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in record.items():
        table.add_row(name, _cell(value))
    _stdout_console().print(table)


def say(text: str) -> None:
    """Progress, advice, warnings."""
    typer.echo(text, err=True)


def stderr_console() -> Console:
    """For progress; without colour and animation where nobody looks."""
    return Console(stderr=True, no_color=_colourless() or None, highlight=False)


def _stdout_console() -> Console:
    width = None if sys.stdout.isatty() else 200
    return Console(no_color=_colourless() or None, highlight=False, width=width)


def _colourless() -> bool:
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def _structured(value: Any, form: Form) -> str:
    if form is Form.yaml:
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    if form is Form.jsonl:
        rows = value if isinstance(value, list) else [value]
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    """Times ISO 8601 UTC, ids and amounts as strings."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value


def _cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return "-"
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
