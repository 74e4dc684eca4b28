"""The sandbox under load: reads and single creates of each vendor, memory, pages of a small and a large list.

One process as users start it, 50,000 customers present, limits off. Of eight reads three are a record by id,
the others the newest page, a deep page, a poll for what changed, a search, an exact filter.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.figures import Figure
from tests.bench.lab import Lab
from tests.bench.machine import CpuMeter, resident_mb
from tests.bench.programs import Tool, tool_program
from tests.bench.sandbox_calls import Calls, Target, open_target

__all__ = ["measure"]

_ROOT = Path(__file__).parents[2]
_CUSTOMERS = 50_000
_SMALL, _LARGE = 1_000, 100_000
_SECONDS = 2.5


@dataclass(frozen=True)
class _Sandbox:
    pid: int
    target: Target


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """Round by round: all reads, all creates; then the two sizes side by side. A round before it warms up."""
    figures: list[Figure] = []
    async with tool_program("sandbox_load") as load:
        async with _sandbox(_CUSTOMERS) as sandbox:
            for subject in sandbox.target.reads():
                await _send(load, subject)  # builds the indexes
            held = resident_mb(sandbox.pid)
            figures.append(Figure("sandbox: memory, 50,000 customers", "MB", [held], at_most=600))
            figures += await _rates(sandbox, load, rounds)
            grown = resident_mb(sandbox.pid)
            figures.append(Figure("sandbox: memory after all these creates", "MB", [grown]))
        async with _sandbox(_SMALL) as small, _sandbox(_LARGE) as large:
            figures += await _pages(small, large, load, rounds)
    return figures


async def _rates(sandbox: _Sandbox, load: Tool, rounds: int) -> list[Figure]:
    subjects = [*sandbox.target.reads(), *sandbox.target.creates()]
    seen: dict[str, list[dict[str, Any]]] = {each.name: [] for each in subjects}
    cpu = CpuMeter({"sandbox": sandbox.pid, "load": load.pid})
    notes: dict[str, str] = {}
    for number in range(rounds + 1):
        for subject in subjects:
            cpu.start()
            answer = await _send(load, subject)
            if not number:
                continue  # indexes are built at the first question
            spent = cpu.used_s("sandbox") / max(1.0, answer["per_s"] * (_SECONDS + 0.5))
            notes[subject.name] = f"sandbox {spent * 1e6:,.0f} us of CPU a call; {cpu.text()}"
            seen[subject.name].append(answer)
    figures = [
        Figure(
            f"sandbox: {each.name}",
            "1/s",
            [one["per_s"] for one in seen[each.name]],
            each.at_least,
            note=f"last round, {notes[each.name]}",
        )
        for each in subjects
    ]
    refused = [one["refused"] for answers in seen.values() for one in answers]
    return [*figures, Figure("sandbox: answers that are not 2xx", "", refused, at_most=0)]


async def _pages(small: _Sandbox, large: _Sandbox, load: Tool, rounds: int) -> list[Figure]:
    """One connection, the same calls on both; the pages of the large list lie all over it.

    A scan would make the large one a hundred times slower; the bound leaves room for colder memory.
    """
    figures = []
    for few, many in zip(small.target.pages(), large.target.pages(), strict=True):
        times: dict[int, list[float]] = {_SMALL: [], _LARGE: []}
        for number in range(rounds + 1):
            for size, calls in ((_SMALL, few), (_LARGE, many)):
                answer = await _send(load, calls, connections=1)
                times[size] += [answer["p50_ms"]] if number else []
        for size, values in times.items():
            figures.append(Figure(f"sandbox: {few.name}, {size:,} customers", "ms", values))
        ratios = [big / little for little, big in zip(times[_SMALL], times[_LARGE], strict=True)]
        figures.append(Figure(f"sandbox: {few.name}, large to small", "", ratios, at_most=1.5))
    return figures


async def _send(load: Tool, calls: Calls, connections: int = 16) -> dict[str, Any]:
    return await load.ask(
        port=calls.port, calls=calls.calls, headers=calls.headers, connections=connections, seconds=_SECONDS
    )


@asynccontextmanager
async def _sandbox(customers: int) -> AsyncIterator[_Sandbox]:
    """As `twinledger sandbox` starts it; limits off, ended with the block."""
    with TemporaryDirectory(prefix="twinledger-bench-") as folder:
        urls = Path(folder) / "sandbox.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "twinledger.sandbox",
            *("--customers", str(customers), "--urls", str(urls)),
            cwd=_ROOT / "services",
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            ready = await asyncio.wait_for(process.stdout.readline(), 180)
            assert ready.startswith(b"sandbox ready"), ready
            document: Mapping[str, Any] = json.loads(urls.read_text())
            yield _Sandbox(process.pid, open_target(document))
        finally:
            process.terminate()
            await process.wait()
