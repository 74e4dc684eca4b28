"""CLI: `twinledger config show`: which settings count and where each came from."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from pydantic import SecretStr, ValidationError

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.kernel.settings import StageSettings

__all__ = ["app"]

app = typer.Typer(help="Settings.", no_args_is_help=True)
_PLAIN = {"database_url": "DATABASE_URL", "kafka_bootstrap_servers": "KAFKA_BOOTSTRAP_SERVERS"}


@app.callback()
def _noun() -> None:
    """Settings of the stages."""


@app.command(help="The settings of the stages.\n\nExample: twinledger config show --origin")
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Tell where each value came from.")] = False,
    output: FormOption = Form.table,
) -> None:
    rows = [_row(name) for name in StageSettings.model_fields]
    if origin:
        print_rows(rows, output)
    else:
        print_record({row["setting"]: row["value"] for row in rows}, output)


def _row(name: str) -> dict[str, Any]:
    settings = _settings()
    value = getattr(settings, name)
    shown = "********" if isinstance(value, SecretStr) else str(value)
    for variable in (f"TWINLEDGER_{name.upper()}", _PLAIN.get(name, "")):
        if variable in os.environ:
            return {"setting": name, "value": shown, "origin": f"environment {variable}"}
    missing = name in _PLAIN
    return {
        "setting": name,
        "value": None if missing else shown,
        "origin": "not set (`twinledger dev` sets it)" if missing else "default",
    }


def _settings() -> StageSettings:
    unset = {
        name: "unset"
        for name, plain in _PLAIN.items()
        if plain not in os.environ and f"TWINLEDGER_{plain}" not in os.environ
    }
    try:
        return StageSettings(**unset)  # type: ignore[arg-type]  # texts, as the environment gives them
    except ValidationError as error:
        issue = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in issue["loc"]) or "names"
        raise CommandError(f"setting {where}: {issue['msg']}", "read .env.example", Exit.USAGE) from error
