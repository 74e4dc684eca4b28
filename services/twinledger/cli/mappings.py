"""CLI: `twinledger mappings`: the definitions: what there is, whether it is right, what it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.mapping_preview import preview_document
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.mapping.catalogue import Entry, catalogue, check_file, differences, find
from twinledger.mapping.definitions import Definitions, load_mapping, load_shipped
from twinledger.mapping.errors import DefinitionError

__all__ = ["app"]

app = typer.Typer(help="Mapping files, sync rules and flows.", no_args_is_help=True)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="freshbooks.client, customer, a flow's name.")]
_Files = Annotated[list[Path], typer.Argument(metavar="FILE", exists=True, dir_okay=False)]


@app.callback()
def _noun() -> None:
    """Mapping files, sync rules and flows."""


@app.command("list", help="Every definition.\n\nExample: twinledger mappings list -o json")
def list_all(output: FormOption = Form.table) -> None:
    rows = [
        {
            "kind": entry.kind,
            "name": entry.name,
            "version": entry.version,
            "cases": len(entry.cases),
            "file": entry.file,
        }
        for entry in catalogue()
    ]
    print_rows(rows, output)


@app.command(help="One definition as it stands.\n\nExample: twinledger mappings show freshbooks.client")
def show(name: _Name, output: FormOption = Form.table) -> None:
    entry = _find(name)
    text = entry.path.read_text(encoding="utf-8")
    if output is Form.table:
        typer.echo(text, nl=False)
        return
    about = {"kind": entry.kind, "name": entry.name, "version": entry.version, "file": entry.file}
    print_record({**about, "text": text}, output)


@app.command(
    help="Read and compile definition files; an error names file, line and field.\n\n"
    "Example: twinledger mappings check my/client.yaml"
)
def check(files: _Files, output: FormOption = Form.table) -> None:
    shipped, failed = load_shipped().mappings, 0
    rows = []
    for path in files:
        try:
            entry = check_file(path, shipped)
        except DefinitionError as error:
            failed += 1
            say(f"error: {error}")
        else:
            rows.append({"file": str(path), "kind": entry.kind, "name": entry.name, "version": entry.version})
    print_rows(rows, output, ("file", "kind", "name", "version"))
    if failed:
        raise CommandError(f"{failed} of {len(files)} files are wrong", "correct the lines named above")


@app.command(
    "test", help="Run the cases beside each definition.\n\nExample: twinledger mappings test customer"
)
def run_cases(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...")] = None,
    output: FormOption = Form.table,
) -> None:
    definitions = load_shipped()
    entries = [_find(name) for name in names] if names else list(catalogue())
    tried = [(case, case.differences(definitions)) for entry in entries for case in entry.cases]
    for case, wrong in tried:
        for difference in wrong:
            say(f"{case.definition}: {case.name}: {difference}")
    failures = sum(bool(wrong) for _, wrong in tried)
    with_cases = sum(bool(entry.cases) for entry in entries)
    print_record({"definitions": with_cases, "cases": len(tried), "failed": failures}, output)
    raise typer.Exit(1 if failures or not tried else 0)


@app.command(
    help="What a vendor document becomes, and what each other side would be sent for it.\n\n"
    "Example: twinledger mappings preview freshbooks.client client.json"
)
def preview(
    name: _Name,
    document: Annotated[Path, typer.Argument(metavar="DOCUMENT", help="The vendor's JSON; - for stdin.")],
    file: Annotated[
        Path | None, typer.Option(help="A mapping file to use instead of the shipped one.")
    ] = None,
    output: FormOption = Form.table,
) -> None:
    entry = _find(name)
    if entry.kind != "mapping":
        raise CommandError(f"{name} is a {entry.kind}, no mapping", "twinledger mappings list", Exit.USAGE)
    text = typer.get_binary_stream("stdin").read() if str(document) == "-" else document.read_bytes()
    print_record(preview_document(_definitions(name, file), name, text), output)


@app.command(
    help="What a file of yours changes against the shipped definition of the same name.\n\n"
    "Example: twinledger mappings diff my/client.yaml"
)
def diff(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
    output: FormOption = Form.table,
) -> None:
    entry = check_file(file, load_shipped().mappings)
    print_rows(differences(_find(entry.name).path, file), output, ("at", "before", "after"))


def _definitions(name: str, file: Path | None) -> Definitions:
    shipped = load_shipped()
    if file is None:
        return shipped
    mapping = load_mapping(file)
    if mapping.object != name:
        raise CommandError(f"{file} maps {mapping.object}, not {name}", f"name {mapping.object}", Exit.USAGE)
    return replace(shipped, mappings={**shipped.mappings, name: mapping})


def _find(name: str) -> Entry:
    entry = find(name)
    if entry is None:
        raise CommandError(f"no definition is named {name!r}", "twinledger mappings list", Exit.NOT_FOUND)
    return entry
