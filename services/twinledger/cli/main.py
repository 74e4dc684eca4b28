"""The command line: `twinledger NOUN VERB`. Results on stdout, all else on stderr."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any, NoReturn

import typer

from twinledger.cli import (
    admin,
    audit,
    backfill,
    config,
    connections,
    dlq,
    doctor,
    jobs,
    keys,
    mappings,
    reviews,
    sandbox,
    sync,
    version,
)
from twinledger.cli.dev import command as dev
from twinledger.cli.failure import CommandError, Exit, as_command_error
from twinledger.kernel.errors import TwinledgerError

__all__ = ["app", "main"]

_DEBUG = "TWINLEDGER_DEBUG"

app = typer.Typer(
    name="twinledger",
    help="Keeps FreshBooks and Zoho the same, in near real time.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
doctor.register(app)
sandbox.register(app)
version.register(app)
app.add_typer(dev.app, name="dev")
app.add_typer(config.app, name="config")
app.add_typer(connections.app, name="connections")
app.add_typer(dlq.app, name="dlq")
app.add_typer(mappings.app, name="mappings")
app.add_typer(audit.app, name="audit")
app.add_typer(reviews.app, name="review")
app.add_typer(sync.app, name="sync")
app.add_typer(backfill.app, name="backfill")
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
app.add_typer(admin.app, name="admin")


_CLICK_ERROR: type[Exception] = typer.BadParameter.__mro__[2]
"""ClickException, wherever this Typer keeps its click."""


@app.callback()
def prepare(
    debug: Annotated[bool, typer.Option("--debug", help="Show traces of errors.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour, no animation.")] = False,
) -> None:
    """Keeps FreshBooks and Zoho the same, in near real time."""
    if debug:
        os.environ[_DEBUG] = "1"
    if no_color:
        os.environ["NO_COLOR"] = "1"


def main() -> None:
    """Entry point: errors become two lines and an exit code."""
    try:
        code = app(standalone_mode=False)
    except _CLICK_ERROR as error:
        _refuse(error)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(Exit.INTERRUPTED)
    except TwinledgerError as error:
        if os.environ.get(_DEBUG):
            raise
        _tell(as_command_error(error))
    sys.exit(code if isinstance(code, int) else Exit.DONE)


def _refuse(error: Any) -> NoReturn:
    """Wrong usage; a noun without a verb is answered by its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        sys.exit(Exit.USAGE)
    command = error.ctx.command_path if getattr(error, "ctx", None) else "twinledger"
    _tell(CommandError(error.format_message(), f"{command} --help", Exit.USAGE))


def _tell(error: CommandError) -> NoReturn:
    sys.stderr.write(f"error: {error}\ntry: {error.next_command}\n")
    sys.exit(error.code)
