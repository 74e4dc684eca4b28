"""A part that dies is started again; everything stops in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from twinledger.cli.dev.process import ChildProcess, Command, wait_until
from twinledger.cli.dev.supervisor import Part, Supervisor
from twinledger.kernel.clock import SystemClock

CLOCK = SystemClock()
_LIVE = "import time; time.sleep(60)"


def _part(folder: Path, name: str, code: str = _LIVE) -> Part:
    process = ChildProcess(Command(name, [sys.executable, "-c", code], folder / f"{name}.log"))

    async def answers() -> bool:
        return process.alive()

    return Part(process, answers)


async def test_a_killed_part_is_started_again_and_its_death_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(CLOCK, said.append)
    part = _part(tmp_path, "loader")
    await supervisor.start(part)
    first_pid = part.process.pid
    watch = asyncio.create_task(supervisor.watch())
    part.process.kill()
    assert await wait_until(lambda: part.restarts == 1 and part.process.alive(), 10, CLOCK)
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    await supervisor.stop()
    assert part.process.pid != first_pid
    assert said == ["loader ended (-9); starting it again"]


async def test_a_part_that_keeps_dying_waits_longer_each_time(tmp_path: Path) -> None:
    supervisor = Supervisor(CLOCK, lambda text: None)
    part = _part(tmp_path, "enrich", "raise SystemExit(1)")
    supervisor.adopt(part)
    part.process.start()
    watch = asyncio.create_task(supervisor.watch())
    assert await wait_until(lambda: part.restarts >= 2, 20, CLOCK)
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    await supervisor.stop()
    assert part.wait_s >= 0.8


async def test_layers_stop_in_reverse(tmp_path: Path) -> None:
    supervisor = Supervisor(CLOCK, lambda text: None)
    order: list[str] = []
    for name in ("broker", "sandbox", "stage"):
        part = _part(tmp_path, name)
        await supervisor.start(part)
        _note_stop(part, order)
    await supervisor.stop()
    assert order == ["stage", "sandbox", "broker"]
    assert supervisor.parts() == []


def _note_stop(part: Part, order: list[str]) -> None:
    inner = part.process

    class Noted(ChildProcess):
        async def stop(self) -> None:
            order.append(part.name)
            await inner.stop()

    part.process = Noted(inner.command)
