"""CLI: `twinledger sync`: what the sync makes of both sides."""

from __future__ import annotations

import typer

from twinledger.cli import sync_match

__all__ = ["app"]

app = typer.Typer(help="The sync: what it makes of both sides.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """The sync: what it makes of both sides."""


for part in (sync_match,):
    part.register(app)
