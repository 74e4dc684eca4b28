"""Starts the programs a bench measures, reads their CPU time, and ends what it started."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Program", "Servers", "program", "run_to_end"]

_ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Servers:
    """The broker and the database a bench may use; topics and tables are there."""

    kafka: str
    dsn: str


@dataclass(frozen=True)
class Program:
    """A running child."""

    process: asyncio.subprocess.Process

    def cpu_s(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Resident now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@asynccontextmanager
async def program(
    *arguments: str, environment: Mapping[str, str] | None = None, ready: bytes | None = None
) -> AsyncIterator[Program]:
    """`python -m arguments`, ended with the block; `ready` is the line it prints when it is up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=_ROOT,
        env=_environment(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        if ready is not None:
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), 30)
            assert line.strip() == ready, f"{arguments[0]} did not start"
        yield Program(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def run_to_end(*arguments: str) -> bytes:
    """Output of `python -m arguments`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=_ROOT,
        env=_environment(None),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, f"{arguments[0]} failed"
    return output


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    path = os.pathsep.join([str(_ROOT / "services"), str(_ROOT)])
    return {**os.environ, "PYTHONPATH": path, **(more or {})}
