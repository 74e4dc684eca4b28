"""CLI: `twinledger sandbox`: the simulated vendors alone; its options are the sandbox's own."""

from __future__ import annotations

from importlib import import_module

import typer

__all__ = ["register"]

_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    app.command(
        "sandbox",
        help="FreshBooks and Zoho simulators.\n\nExample: twinledger sandbox --port 0 --urls sandbox.json",
        context_settings=_PASS_ON,
    )(run)


def run(context: typer.Context) -> None:
    # Loaded on demand: no other command needs the simulators.
    raise typer.Exit(import_module("twinledger.sandbox.program").main(context.args))
