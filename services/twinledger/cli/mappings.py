"""CLI: `twinledger mappings test`: every shipped definition does what its cases say."""

from __future__ import annotations

from pathlib import Path

import typer

import twinledger
from twinledger.cli.output import Form, FormOption, print_record, say
from twinledger.mapping.cases import load_cases
from twinledger.mapping.definitions import CASES_SUFFIX, load_shipped

__all__ = ["app"]

app = typer.Typer(help="Mapping files.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Mapping files, sync rules and flows."""


@app.command("test", help="Run the cases beside each definition.\n\nExample: twinledger mappings test")
def run_cases(output: FormOption = Form.table) -> None:
    definitions = load_shipped()
    package = Path(twinledger.__file__).parent
    files = [path for path in sorted(package.rglob("*.yaml")) if path.with_name(_cases_of(path)).exists()]
    cases = [case for path in files for case in load_cases(path)]
    failures = 0
    for case in cases:
        differences = case.differences(definitions)
        failures += bool(differences)
        for difference in differences:
            say(f"{case.definition}: {case.name}: {difference}")
    print_record({"definitions": len(files), "cases": len(cases), "failed": failures}, output)
    raise typer.Exit(1 if failures or not cases else 0)


def _cases_of(path: Path) -> str:
    return path.name.removesuffix(".yaml") + CASES_SUFFIX
