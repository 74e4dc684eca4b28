"""What benches share: one stack at a time, with or without the stages, its data in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.machine import CpuMeter
from tests.bench.programs import stage_program

from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.session import Session, open_session
from twinledger.cli.dev.stack import StackOptions
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.http import TRANSPORT_ERRORS

__all__ = ["Lab", "reached"]

_LIBS = Path(".twinledger") / "kafka" / "libs"
_NO_LIMITS = ("minute", "day", "in_flight", "heavy_in_flight", "credits", "token")
clock = SystemClock()


@dataclass
class Lab:
    """Opens the stack a bench asks for; the next bench that asks for the same one finds it running."""

    say: Callable[[str], None]
    kept: dict[str, Any] = field(default_factory=dict)
    """What a bench leaves for the next one on the same stack."""
    servers: str = ""
    _open: str = ""
    _closing: AsyncExitStack = field(default_factory=AsyncExitStack)
    _session: Session | None = None

    async def session(self, kind: str, environment: Mapping[str, str] | None = None) -> Session:
        """Broker, database and simulated vendors without limits; stages are the caller's to start."""
        if kind != self._open or self._session is None:
            await self.aclose()
            folder = Path(self._closing.enter_context(TemporaryDirectory(prefix="twinledger-bench-")))
            options = StackOptions(environment=dict(environment or {}))
            session = await self._closing.enter_async_context(
                open_session(Folders(folder, None, _LIBS), options, clock, self.say)
            )
            await self._no_limits(session)
            self._open, self._session = kind, session
            stack = session.stack
            self.servers = (
                f"{stack.broker.name} {stack.broker.version}, {stack.database.name} {stack.database.version}"
            )
        return self._session

    async def aclose(self) -> None:
        self._open, self._session = "", None
        self.kept.clear()
        await self._closing.aclose()

    async def _no_limits(self, session: Session) -> None:
        limits = {"system": "*", **dict.fromkeys(_NO_LIMITS)}
        answer = await session.http.put(f"{session.admin}/limits", json=limits)
        assert answer.status_code == 200, answer.text


def budgets(**minutes: int) -> dict[str, str]:
    """Our side of the limits: as good as none, but the calls a minute that are named."""
    groups = ("freshbooks", "zoho_crm", "zoho_finance")
    limits = {name: {"in_flight": 64, "minute": minutes.get(name), "guard_s": 0.1} for name in groups}
    return {"TWINLEDGER_BUDGETS": json.dumps(limits)}


@asynccontextmanager
async def one_stage(session: Session, name: str, more: Mapping[str, str]) -> AsyncIterator[int]:
    """One stage alone, as the stack would start it; its process id."""
    environment = {**session.stack.stage_environment(name), **more}
    log = session.stack.folders.logs / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    health = f"http://127.0.0.1:{environment['TWINLEDGER_ADMIN_PORT']}/startupz"
    async with stage_program(name, environment, log) as process:

        async def started() -> bool:
            assert process.returncode is None, log.read_text()[-2000:]
            try:
                return (await session.http.get(health, timeout=2)).status_code == 200
            except TRANSPORT_ERRORS:
                return False

        await reached(started, within_s=60)
        yield process.pid


def meter(session: Session, **more: int) -> CpuMeter:
    """Over all that runs in the stack, and what is named besides."""
    stack = session.stack
    pids = {part.name: part.process.pid for part in stack.supervisor.parts()}
    return CpuMeter({**pids, **more})


async def reached(there: Callable[[], Awaitable[bool]], within_s: float, every_s: float = 0.05) -> None:
    """Wait until it is so; an error when it is not in time."""
    deadline = clock.monotonic() + within_s
    while not await there():
        if clock.monotonic() > deadline:
            raise TimeoutError(f"not reached within {within_s:.0f} s")
        await clock.sleep(every_s)
