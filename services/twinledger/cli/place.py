"""CLI: where the stack is that a command looks at: of the environment, else of the one that runs here."""

from __future__ import annotations

import getpass
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import orjson
import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.kernel.database import Connection, open_pool, transaction
from twinledger.state.sealing import KeyFile

__all__ = [
    "DirectoryOption",
    "WorkspaceOption",
    "connected",
    "database_address",
    "kafka_address",
    "key_file",
    "settled",
    "who_asks",
]

T = TypeVar("T")

DirectoryOption = Annotated[Path, typer.Option("--dir", help="The stack to look at.")]
WorkspaceOption = Annotated[str, typer.Option("--workspace", help="Whose books.")]


def kafka_address(directory: Path) -> str:
    """Bootstrap servers."""
    return os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or _of_the_stack(directory, "kafka")


def database_address(directory: Path) -> str:
    """DSN."""
    return os.environ.get("DATABASE_URL") or _of_the_stack(directory, "database")


def key_file(directory: Path) -> KeyFile:
    """Where the key-encryption key of that database is."""
    if os.environ.get("DATABASE_URL"):
        return KeyFile()
    return KeyFile(data_dir=Path(_of_the_stack(directory, "data")))


@asynccontextmanager
async def connected(directory: Path) -> AsyncIterator[Connection]:
    """One transaction on the stack's database."""
    pool = await open_pool(database_address(directory), min_size=1, max_size=1)
    try:
        async with transaction(pool) as connection:
            yield connection
    finally:
        await pool.close()


async def settled(directory: Path, work: Callable[[Connection], Awaitable[T]]) -> T:
    """What comes of work in one transaction; again from the beginning where a stage and we waited for each
    other."""
    while True:
        try:
            async with connected(directory) as connection:
                return await work(connection)
        except asyncpg.DeadlockDetectedError:
            continue


def who_asks() -> str:
    """The account's name; in a container it may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _of_the_stack(directory: Path, part: str) -> str:
    run_file = directory / "run.json"
    if not run_file.exists():
        raise CommandError("no stack runs here", "twinledger dev", Exit.UNAVAILABLE)
    stack: dict[str, Any] = orjson.loads(run_file.read_bytes())["stack"]
    return str(stack[part])
