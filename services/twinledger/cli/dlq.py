"""CLI: `twinledger dlq`: records that left the road, and one of them with its reasons and bytes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.letters import Letter, read_letters
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.cli.place import DirectoryOption, kafka_address
from twinledger.road.codec import Codec, Undecodable

__all__ = ["app"]

app = typer.Typer(help="Dead letters: records that left the road.", no_args_is_help=True)
_PREVIEW_BYTES = 512


@app.callback()
def _noun() -> None:
    """Dead letters: records that left the road."""


@app.command("list", help="The newest dead letters.\n\nExample: twinledger dlq list --reason schema")
def list_letters(
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    letters = asyncio.run(read_letters(kafka_address(directory)))
    rows = [letter.summary() for letter in reversed(letters)]
    wanted = [row for row in rows if reason in (None, row["reason"])]
    print_rows(wanted[:limit], output, ("id", "at", "reason", "stage", "source", "message"))


@app.command(help="One dead letter with its headers and bytes.\n\nExample: twinledger dlq show 01J9...")
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID")],
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    letters = asyncio.run(read_letters(kafka_address(directory)))
    found = next((letter for letter in letters if letter.id == letter_id), None)
    if found is None:
        raise CommandError(f"no dead letter {letter_id}", "twinledger dlq list", Exit.NOT_FOUND)
    print_record(_whole(found), output)


def _whole(letter: Letter) -> dict[str, Any]:
    value = letter.record.value or b""
    return {
        **letter.summary(),
        "key": letter.record.key.decode("utf-8", "replace").split("\x1f"),
        "headers": dict(letter.headers),
        "decoded": _decoded(value),
        "bytes": len(value),
        "hex": value[:_PREVIEW_BYTES].hex(" "),
        "text": value[:_PREVIEW_BYTES].decode("utf-8", "replace"),
    }


def _decoded(value: bytes) -> Any:
    try:
        _, record = Codec.from_files().decode(value)
    except Undecodable as error:
        return f"not decodable: {error}"
    return {
        name: part.decode("utf-8", "replace") if isinstance(part, bytes) else part
        for name, part in record.items()
    }
