"""CLI: `twinledger dlq`: records that left the road: the index, and one letter with its bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import orjson
import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows
from twinledger.kernel.errors import TransientError
from twinledger.road.broker import Partition, Received
from twinledger.road.kafka import KafkaConsumer
from twinledger.road.topics import ROAD, dead_letter_topic

__all__ = ["app"]

app = typer.Typer(help="Dead letters: records that left the road.", no_args_is_help=True)
_Directory = Annotated[Path, typer.Option("--dir", help="The stack to look at.")]
_COLUMNS = ("id", "created_at", "reason", "message", "source", "status")
_PATIENCE_S = 10.0
_PREVIEW_BYTES = 512
_LIST = """
    select id, created_at, reason, error_class, message, source, workspace, topic, fingerprint, status
      from dead_letter where $1::text is null or status = $1 order by created_at desc limit $2
"""


@app.callback()
def _noun() -> None:
    """Dead letters: records that left the road."""


@app.command("list", help="The newest dead letters.\n\nExample: twinledger dlq list --status open")
def list_letters(
    status: Annotated[str | None, typer.Option(help="open, redriving, resolved or discarded.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    directory: _Directory = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    rows = asyncio.run(_rows(_addresses(directory)["database"], _LIST, status, limit))
    print_rows(rows, output, _COLUMNS)


@app.command(help="One dead letter with its headers and bytes.\n\nExample: twinledger dlq show 01J9...")
def show(
    letter_id: Annotated[str, typer.Argument(metavar="ID")],
    directory: _Directory = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    print_record(asyncio.run(_letter(_addresses(directory), letter_id)), output)


async def _letter(addresses: Mapping[str, str], letter_id: str) -> dict[str, Any]:
    rows = await _rows(addresses["database"], "select * from dead_letter where id = $1", letter_id)
    if not rows:
        raise CommandError(f"no dead letter {letter_id}", "twinledger dlq list", Exit.NOT_FOUND)
    record = await _from_topic(addresses["kafka"], rows[0]["dlq_topic"], letter_id)
    shown = {name: value for name, value in rows[0].items() if value is not None}
    if record is None:
        return {**shown, "record": "no longer in its topic"}
    value = record.value or b""
    return {
        **shown,
        "headers": {name: text.decode("utf-8", "replace") for name, text in record.headers},
        "bytes": len(value),
        "hex": value[:_PREVIEW_BYTES].hex(" "),
        "text": value[:_PREVIEW_BYTES].decode("utf-8", "replace"),
    }


async def _from_topic(bootstrap: str, topic_name: str, letter_id: str) -> Received | None:
    """Reads the letter's topic from its beginning: letters are few."""
    topic = next(letters for letters in map(dead_letter_topic, ROAD) if letters.name == topic_name)
    consumer = KafkaConsumer(bootstrap, [topic], group=f"twinledger-cli-{letter_id}")
    await consumer.start()
    try:
        place = Partition(topic.name, 0)
        end = (await consumer.bounds([place]))[place].end
        while True:
            for record in await consumer.fetch(max_records=500, timeout_s=_PATIENCE_S):
                if dict(record.headers).get("twinledger-dlq-id") == letter_id.encode():
                    return record
                if record.offset + 1 >= end:
                    return None
    finally:
        await consumer.stop()


async def _rows(dsn: str, statement: str, *arguments: object) -> list[dict[str, Any]]:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise TransientError("the database does not answer", error_class="network") from error
    try:
        return [dict(row) for row in await connection.fetch(statement, *arguments)]
    finally:
        await connection.close()


def _addresses(directory: Path) -> Mapping[str, str]:
    """Of the environment, else of the stack that runs here."""
    if "DATABASE_URL" in os.environ and "KAFKA_BOOTSTRAP_SERVERS" in os.environ:
        return {"database": os.environ["DATABASE_URL"], "kafka": os.environ["KAFKA_BOOTSTRAP_SERVERS"]}
    run_file = directory / "run.json"
    if not run_file.exists():
        raise CommandError("no stack runs here", "twinledger dev --demo", Exit.UNAVAILABLE)
    stack: Mapping[str, str] = orjson.loads(run_file.read_bytes())["stack"]
    return stack
