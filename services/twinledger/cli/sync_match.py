"""CLI: `twinledger sync match`: the four buckets of both sides, looked at before anything is written."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.output import Form, FormOption, print_rows
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.state.match_buckets import BUCKETS, bucket_rows, match_buckets

__all__ = ["register"]

BucketName = StrEnum("BucketName", {name: name.replace("_", "-") for name in BUCKETS})  # type: ignore[misc]
_COUNTS = ("entity", *BUCKETS)
_QUESTIONS = ("id", "entity", "record", "why", "says", "candidates")
_ENTITIES = ("entity", "name", "records", "entity_id")


def register(app: typer.Typer) -> None:
    """Add `match`."""
    app.command(
        "match",
        help="Which records of both sides are linked, in review, or on one side alone.\n\n"
        "Example: twinledger sync match --bucket review -o json",
    )(match)


def match(
    bucket: Annotated[BucketName | None, typer.Option(help="The records of one bucket.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only this kind: customer, item, ...")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> list[dict[str, Any]]:
        async with connected(directory) as connection:
            if bucket is None:
                found = await match_buckets(connection, workspace)
                return [row for row in found if entity in (None, row["entity"])]
            return await bucket_rows(connection, workspace, bucket.name, entity, limit)  # type: ignore[arg-type]

    columns = _COUNTS if bucket is None else _QUESTIONS if bucket.name == "review" else _ENTITIES
    print_rows(asyncio.run(read()), output, columns)
