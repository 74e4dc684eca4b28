"""Starts the programs a bench needs and ends what it started: stages of ours, and tools that work by rounds.

A tool prints `up`, then reads one JSON line a round from its input and answers with one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Tool", "answer_rounds", "free_port", "stage_program", "tool_program"]

_ROOT = Path(__file__).parents[2]
_LINE_LIMIT = 1 << 24
_ROUND_WITHIN_S = 300


@dataclass(frozen=True)
class Tool:
    """A program of this folder that runs beside what is measured."""

    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    async def ask(self, **given: Any) -> dict[str, Any]:
        """One round."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(given).encode() + b"\n")
        await self.process.stdin.drain()
        line = await asyncio.wait_for(self.process.stdout.readline(), _ROUND_WITHIN_S)
        assert line, "the tool ended in the middle of a round"
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def tool_program(name: str, *arguments: str) -> AsyncIterator[Tool]:
    """`python -m tests.bench.<name>`, ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.bench.{name}",
        *arguments,
        cwd=_ROOT,
        env=_environment({}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line.strip() == b"up", f"{name} did not start"
        yield Tool(process)
    finally:
        await _ended(process)


@asynccontextmanager
async def stage_program(
    stage: str, environment: Mapping[str, str], log_path: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A stage as it runs in production, ended with the block."""
    with log_path.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"twinledger.{stage}",
            cwd=_ROOT,
            env=_environment(environment),
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        await _ended(process)


async def answer_rounds(round_of: Callable[..., Awaitable[Mapping[str, Any]]]) -> None:
    """The other side of `Tool.ask`: until the input ends."""
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    _say("up")
    while line := await reader.readline():
        _say(json.dumps(await round_of(**json.loads(line))))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join([str(_ROOT / "services"), str(_ROOT)])
    return {**os.environ, **more, "PYTHONPATH": path}
