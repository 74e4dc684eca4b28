"""CLI: `twinledger sync report`: the accountant's sheet: both ledgers' totals, differences with causes."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.cli.sync_causes import cause_of, load_taxes
from twinledger.kernel.clock import SystemClock
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.ledgers import LEDGERS, ledger_objects
from twinledger.state.ledgers import Document, documents

__all__ = ["Sheet", "register", "sheet_of"]

Row = dict[str, Any]
_LINES = ("period", "currency", "account", "documents", *LEDGERS, "difference", "unequal")
_DIFFERENCES = ("period", "currency", "account", "document", "date", *LEDGERS, "difference", "cause")


def register(app: typer.Typer) -> None:
    """Add `report`."""
    app.command("report", help=_HELP)(report)


_HELP = (
    "Per month, currency and account (kind of document, what is still owed on it, deposit account of "
    "payments): both ledgers' totals, and why they differ.\n\n"
    "Example: twinledger sync report --from 2026-01-01 --to 2026-03-31 --csv"
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """`lines` add up documents; `differences` name those that are not the same, and add up to the rest."""

    lines: Sequence[Row]
    differences: Sequence[Row]


def report(
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    until: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; today if not given.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated, lines and differences.")] = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    last = until or SystemClock().now().astimezone(UTC)
    if last.date() < since.date():
        raise CommandError("the period ends before it begins", "twinledger sync report --help", Exit.USAGE)

    async def read() -> Sheet:
        definitions = load_shipped()
        ledgers = ledger_objects(definitions, entity_models())
        async with connected(directory) as connection:
            found = await documents(connection, workspace, ledgers, since.date(), last.date())
            taxes = await load_taxes(connection, workspace)
        return sheet_of(found, lambda document: cause_of(document, definitions, taxes))

    _print(asyncio.run(read()), output, as_csv=as_csv)


def sheet_of(found: Sequence[Document], cause: Callable[[Document], str]) -> Sheet:
    """Pure: the sheet of these documents."""
    lines: dict[tuple[str, str, str], Row] = {}
    differences: list[Row] = []
    for document in found:
        period = str(document.fields.get("date"))[:7]
        counted = [(document.account, document.posted)]
        if document.tells_owed:
            counted.append((f"{document.entity_type} still owed", document.owed))
        for account, amount in counted:
            key = (period, document.currency, account)
            row = _row(document, period, account, *(amount(ledger) for ledger in document.ledgers))
            if _add(lines.setdefault(key, _empty(*key)), row, document):
                differences.append({**row, "cause": cause(document)})
    return Sheet([lines[key] for key in sorted(lines)], differences)


def _row(document: Document, period: str, account: str, left: Decimal, right: Decimal) -> Row:
    return {
        "period": period,
        "currency": document.currency,
        "account": account,
        "document": document.name,
        "date": document.fields.get("date"),
        LEDGERS[0]: left,
        LEDGERS[1]: right,
        "difference": right - left,
    }


def _add(line: Row, row: Row, document: Document) -> bool:
    """Is it another amount in the two ledgers, or in one of them alone?"""
    is_unequal = bool(row["difference"]) or len(document.sides) < len(document.ledgers)
    for name in (*LEDGERS, "difference"):
        line[name] += row[name]
    line["documents"] += 1
    line["unequal"] += is_unequal
    return is_unequal


def _empty(period: str, currency: str, account: str) -> Row:
    sums = dict.fromkeys((*LEDGERS, "difference"), Decimal(0))
    return {"period": period, "currency": currency, "account": account, "documents": 0, **sums, "unequal": 0}


def _print(sheet: Sheet, output: Form, *, as_csv: bool) -> None:
    if as_csv:
        sys.stdout.write(_csv(sheet))
        return
    if output is not Form.table:
        print_record({"lines": list(sheet.lines), "differences": list(sheet.differences)}, output)
        return
    print_rows(sheet.lines, output, _LINES)
    if sheet.differences:
        typer.echo("\ndifferences")
        print_rows(sheet.differences, output, _DIFFERENCES)


def _csv(sheet: Sheet) -> str:
    """One table: lines first, then each difference, told apart by the first column."""
    columns = ("row", *_LINES, *(name for name in _DIFFERENCES if name not in _LINES))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows({"row": "line", **line} for line in sheet.lines)
    writer.writerows({"row": "difference", **one} for one in sheet.differences)
    return text.getvalue()
