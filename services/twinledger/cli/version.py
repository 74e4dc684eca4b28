"""CLI: `twinledger version`."""

from __future__ import annotations

import platform

import typer

from twinledger.cli.output import Form, FormOption, print_record
from twinledger.kernel.service import release

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    app.command("version", help="Which release this is.\n\nExample: twinledger version -o json")(show)


def show(output: FormOption = Form.table) -> None:
    print_record(
        {"twinledger": release(), "python": platform.python_version(), "system": platform.platform()}, output
    )
