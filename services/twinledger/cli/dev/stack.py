"""Dev: the whole product on one machine: broker, database, simulated vendors, the four stages."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from twinledger.cli.dev.broker import Broker, answers_kafka, choose_broker
from twinledger.cli.dev.database import Database, choose_database
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.ports import kept_ports
from twinledger.cli.dev.process import ChildProcess, Command
from twinledger.cli.dev.sandbox_application import sandbox_application
from twinledger.cli.dev.supervisor import Part, Supervisor
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import migrate
from twinledger.kernel.http import TRANSPORT_ERRORS, AsyncClient
from twinledger.road.topics import ensure_topics

__all__ = ["STAGES", "Stack", "StackOptions", "write_run_file"]

STAGES = ("ingest", "transform", "enrich", "loader")
_SANDBOX_PORTS = 9
_TENFOLD_BUDGETS = {
    "freshbooks": {"in_flight": 20},
    "zoho_crm": {"in_flight": 20},
    "zoho_finance": {"minute": 1000, "in_flight": 20},
}


@dataclass(frozen=True, slots=True)
class StackOptions:
    """`tenfold`: our budgets for a sandbox whose minute limits are raised."""

    tenfold: bool = False
    workspace: str = "default"
    environment: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """Started in layers, each when the one before answers; stopped in reverse."""

    def __init__(
        self,
        folders: Folders,
        options: StackOptions,
        http: AsyncClient,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self.folders = folders
        self.options = options
        self.supervisor = Supervisor(clock, say)
        self._http, self._clock, self._say = http, clock, say
        self.broker: Broker = choose_broker(
            folders.data, folders.kafka_libs, say, log_path=folders.logs / "broker.log"
        )
        self.database: Database = choose_database(folders.data, say, log_path=folders.logs / "database.log")
        ports = kept_ports(folders.data / "stages", len(STAGES) + 1)
        self.ingest_address = f"http://127.0.0.1:{ports[0]}"
        self._admin_ports = dict(zip(STAGES, ports[1:], strict=True))
        self.sandbox: dict[str, Any] = {}

    async def start_foundation(self) -> None:
        """Broker, database and vendors; then the tables and the topics."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.broker.start())
            group.create_task(self.database.start())
            group.create_task(self._start_sandbox())
        owned: list[Part] = []
        if self.broker.process is not None:
            owned.append(Part(self.broker.process, self._broker_answers))
        if self.database.process is not None:
            owned.append(Part(self.database.process, self._database_answers))
        self.supervisor.adopt(*owned)
        self.supervisor.adopt(self._sandbox_part)
        await migrate(self.database.address)
        await ensure_topics(self.broker.address)

    async def start_stages(self) -> None:
        """The road itself."""
        await self.supervisor.start(*(self._stage(name) for name in STAGES))

    async def stop(self) -> None:
        await self.supervisor.stop()
        await self.broker.stop()
        await self.database.stop()

    def description(self) -> dict[str, Any]:
        """What run.json tells."""
        stack = {
            "ingest": self.ingest_address,
            "console": "",
            "health": {name: self._health(name) for name in STAGES},
            "kafka": self.broker.address,
            "broker": f"{self.broker.name} {self.broker.version}",
            "database": self.database.address,
            "database_version": f"{self.database.name} {self.database.version}",
            "data": str(self.folders.data.resolve()),
            "logs": str(self.folders.logs.resolve()),
            "pids": {part.name: part.process.pid for part in self.supervisor.parts()},
        }
        return {**self.sandbox, "stack": stack}

    def stage_environment(self, stage: str) -> dict[str, str]:
        """What a stage reads its settings from."""
        return {
            **os.environ,
            "DATABASE_URL": self.database.address,
            "KAFKA_BOOTSTRAP_SERVERS": self.broker.address,
            "TWINLEDGER_WORKSPACE": self.options.workspace,
            "TWINLEDGER_DATA_DIR": str(self.folders.data),
            "TWINLEDGER_ADMIN_PORT": str(self._admin_ports[stage]),
            "TWINLEDGER_INGEST__PORT": self.ingest_address.rpartition(":")[2],
            "TWINLEDGER_INGEST__PUBLIC_URL": self.ingest_address,
            **({"TWINLEDGER_BUDGETS": json.dumps(_TENFOLD_BUDGETS)} if self.options.tenfold else {}),
            **self.options.environment,
        }

    def platforms(self) -> dict[str, dict[str, Any]]:
        """Our applications at the simulated vendors."""
        return {platform: sandbox_application(self.sandbox, platform) for platform in ("freshbooks", "zoho")}

    async def _start_sandbox(self) -> None:
        folders = self.folders
        first = kept_ports(folders.data / "sandbox", _SANDBOX_PORTS)[0]
        folders.sandbox_urls.unlink(missing_ok=True)
        arguments = ["--port", str(first), "--urls", str(folders.sandbox_urls), "--customers", "0"]
        state = ["--state", str(folders.sandbox_state)]
        process = self._python("sandbox", ["twinledger.sandbox", *arguments, *state], dict(os.environ))
        self._sandbox_part = Part(process, self._sandbox_answers)
        process.start()
        await process.started(self._sandbox_answers, within_s=60)
        self.sandbox = orjson.loads(folders.sandbox_urls.read_bytes())

    def _stage(self, name: str) -> Part:
        # A stage outlives any kill, and one that hangs must not outlive its supervisor.
        process = self._python(
            name, [f"twinledger.{name}"], self.stage_environment(name), orphan_signal=signal.SIGKILL
        )

        async def answers() -> bool:
            return await self._answers(f"{self._health(name)}/startupz")

        return Part(process, answers)

    def _python(
        self,
        name: str,
        module: list[str],
        environment: dict[str, str],
        *,
        orphan_signal: signal.Signals | None = None,
    ) -> ChildProcess:
        log, arguments = self.folders.logs / f"{name}.log", [sys.executable, "-m", *module]
        command = Command(name, arguments, log, environment, orphan_signal=orphan_signal)
        return ChildProcess(command, self._clock)

    def _health(self, stage: str) -> str:
        return f"http://127.0.0.1:{self._admin_ports[stage]}"

    async def _broker_answers(self) -> bool:
        return await answers_kafka(self.broker.address)

    async def _database_answers(self) -> bool:
        return self.database.process is not None and self.database.process.alive()

    async def _sandbox_answers(self) -> bool:
        path = self.folders.sandbox_urls
        return path.exists() and await self._answers(f"{orjson.loads(path.read_bytes())['admin']}/clock")

    async def _answers(self, url: str) -> bool:
        try:
            return (await self._http.get(url, timeout=2)).status_code == 200
        except TRANSPORT_ERRORS:
            return False


def write_run_file(path: Path, description: Mapping[str, Any]) -> None:
    """Atomically; readable by its owner alone, since it holds the database's password."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_bytes(orjson.dumps(description, option=orjson.OPT_INDENT_2))
    fresh.replace(path)
