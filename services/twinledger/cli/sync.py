"""CLI: `twinledger sync`: how it stands, what it would write, what it wrote; to hold it and let it go."""

from __future__ import annotations

import typer

from twinledger.cli import sync_gate, sync_match, sync_plan, sync_report, sync_undo, sync_verify

__all__ = ["app"]

app = typer.Typer(
    help="The sync: state, plans, comparison, undo, the accountant's sheet.", no_args_is_help=True
)


@app.callback()
def _noun() -> None:
    """The sync: state, plans, comparison, undo, the accountant's sheet."""


for part in (sync_gate, sync_match, sync_plan, sync_verify, sync_undo, sync_report):
    part.register(app)
