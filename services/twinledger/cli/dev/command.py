"""CLI: `twinledger dev`: the whole stack on this machine, with `--demo` a scenario and a comparison."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from twinledger.cli.demo.report import Outcome, print_outcome
from twinledger.cli.demo.scenario import play
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.lock import is_running
from twinledger.cli.dev.session import Session, open_session
from twinledger.cli.dev.stack import StackOptions
from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, say
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import TwinledgerError

__all__ = ["app"]

app = typer.Typer(help="The whole product on this machine, against simulated vendors.")
_Directory = Annotated[Path, typer.Option("--dir", help="Where data, logs and run.json go.")]


@dataclass(frozen=True, slots=True)
class _Wanted:
    demo: bool
    once: bool
    tenfold: bool
    output: Form


@app.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    demo: Annotated[bool, typer.Option("--demo", help="Play the scenario and compare both sides.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after the comparison; 0 only if equal.")] = False,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep no data.")] = False,
    real_limits: Annotated[bool, typer.Option("--real-limits", help="Keep the vendors' own limits.")] = False,
    directory: _Directory = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    """Start broker, database, simulated vendors and every stage; Ctrl-C ends all of it.

    Example: twinledger dev --demo --once
    """
    if context.invoked_subcommand is not None:
        return
    if once and not demo:
        raise CommandError("--once is for --demo", "twinledger dev --demo --once", Exit.USAGE)
    wanted = _Wanted(demo, once, demo and not real_limits, output)
    data_root = Path(tempfile.mkdtemp(prefix="twinledger-")) if ephemeral else None
    try:
        raise typer.Exit(asyncio.run(_interruptible(Folders(directory, data_root), wanted)))
    finally:
        if data_root is not None:
            shutil.rmtree(data_root, ignore_errors=True)


@app.command(help="Remove local data and logs; the broker's jars stay.\n\nExample: twinledger dev reset")
def reset(directory: _Directory = Path(".twinledger")) -> None:
    folders = Folders(directory)
    if is_running(folders.lock_file):
        raise CommandError("a stack is running here", "end it with Ctrl-C first")
    for folder in (folders.data, folders.logs):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (folders.run_file, folders.sandbox_urls):
        file.unlink(missing_ok=True)
    say(f"removed local data in {directory}")


async def _interruptible(folders: Folders, wanted: _Wanted) -> int:
    """Runs until done; SIGINT and SIGTERM end it in order, whatever it is at."""
    work = asyncio.create_task(_live(folders, wanted))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        return Exit.INTERRUPTED
    except BaseExceptionGroup as group:
        ours = group.subgroup(TwinledgerError)
        if ours is None:
            raise
        raise _first(ours) from group


async def _live(folders: Folders, wanted: _Wanted) -> int:
    clock = SystemClock()
    began = clock.monotonic()
    async with open_session(folders, StackOptions(tenfold=wanted.tenfold), clock, say) as session:
        _introduce(session, wanted)
        if not wanted.demo:
            await session.go_live()
            return await _stay(session)
        outcome: Outcome = await play(session, began)
        print_outcome(outcome, wanted.output)
        if wanted.once:
            return Exit.DONE if outcome.equal else Exit.FAILED
        return await _stay(session)


def _introduce(session: Session, wanted: _Wanted) -> None:
    stack = session.stack
    say(f"broker    {stack.broker.name} {stack.broker.version} at {stack.broker.address}")
    say(f"database  {stack.database.name} {stack.database.version}")
    say(f"vendors   simulated, {session.admin}")
    if wanted.tenfold:
        say("          their minute limits are raised tenfold (--real-limits keeps them)")


async def _stay(session: Session) -> int:
    folders = session.stack.folders
    say(f"\nrunning, not for production, until Ctrl-C; addresses: {folders.run_file}, logs: {folders.logs}")
    say(f"try: curl -X POST {session.admin}/act -d '{_EXAMPLE}'")
    forever = asyncio.Event()
    try:
        await forever.wait()
    except asyncio.CancelledError:
        return Exit.DONE
    return Exit.DONE


_EXAMPLE = (
    '{"system": "freshbooks", "object": "client", "op": "create",'
    ' "fields": {"fname": "Ada", "lname": "Byron", "email": "ada@byron.example"}}'
)


def _first(group: BaseExceptionGroup[TwinledgerError]) -> TwinledgerError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
