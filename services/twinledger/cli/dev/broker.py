"""Dev: provides a Kafka broker without Docker.

In this order: the address in KAFKA_BOOTSTRAP_SERVERS; Apache Kafka (KRaft, one node) when Java and its
jars are there or can be fetched; the noida-db wheel, a small Kafka-compatible broker. The same contract
suite runs on the last two. Data and ports are kept in the given folder across restarts.
"""

from __future__ import annotations

import asyncio
import os
import struct
from base64 import urlsafe_b64encode
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from twinledger.cli.dev.kafka_jars import Java, Missing, fetch_jars, find_java, kafka_version
from twinledger.cli.dev.ports import kept_ports
from twinledger.cli.dev.process import ChildProcess, Command, run_to_end
from twinledger.kernel.errors import FatalError
from twinledger.kernel.ids import new_secret
from twinledger.kernel.resources import kafka_dir

__all__ = ["ApacheKafka", "Broker", "GivenBroker", "NoidaBroker", "answers_kafka", "choose_broker"]

_START_WITHIN_S = 60.0
_HEAP = ("-Xmx384m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""The one request every broker of every version answers: length, key, version, correlation, no client id."""


class Broker(Protocol):
    """A running broker, ours or given."""

    name: str
    version: str
    address: str

    @property
    def process(self) -> ChildProcess | None:
        """What runs it; None when it was given."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class GivenBroker:
    """A broker somebody else runs: it is used, never started or ended."""

    name = "Kafka at KAFKA_BOOTSTRAP_SERVERS"
    version = "(given)"
    process: ChildProcess | None = None

    def __init__(self, address: str) -> None:
        self.address = address

    async def start(self) -> None:
        if not await answers_kafka(self.address.split(",")[0]):
            raise FatalError(f"no Kafka broker answers at {self.address}")

    async def stop(self) -> None:
        """Not ours."""


class ApacheKafka:
    """Apache Kafka, one KRaft node on loopback."""

    name = "Apache Kafka"

    def __init__(self, folder: Path, libs: Path, java: Java, log_path: Path | None = None) -> None:
        self.version = kafka_version()
        self._folder = folder.resolve()
        self._java = java
        self._class_path = str(libs.resolve() / "*")
        self._port, self._controller_port = kept_ports(self._folder, 2)
        self.address = f"127.0.0.1:{self._port}"
        self._config = self._folder / "server.properties"
        log4j = f"-Dlog4j2.configurationFile={kafka_dir() / 'log4j2.properties'}"
        start = [java.program, *_HEAP, log4j, "-cp", self._class_path, "kafka.Kafka", str(self._config)]
        self.process = ChildProcess(Command("kafka", start, log_path or self._folder / "kafka.log"))

    async def start(self) -> None:
        """Format the folder when it is new, start, wait for the first answer."""
        self._configure()
        if not (self._folder / "data" / "meta.properties").exists():
            self._format()
        self.process.start()
        await self.process.started(lambda: answers_kafka(self.address), within_s=_START_WITHIN_S)

    async def stop(self) -> None:
        await self.process.stop()

    def _configure(self) -> None:
        template = (kafka_dir() / "server.properties").read_text(encoding="utf-8")
        self._config.write_text(
            template.format(
                port=self._port, controller_port=self._controller_port, log_dir=self._folder / "data"
            ),
            encoding="utf-8",
        )

    def _format(self) -> None:
        cluster = urlsafe_b64encode(new_secret(16)).decode().rstrip("=")
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(self._config)]
        quiet = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        answer = run_to_end([self._java.program, *quiet, "-cp", self._class_path, *tool], timeout_s=60)
        if answer.returncode != 0:
            raise FatalError(f"Kafka's storage could not be formatted: {answer.stderr.strip()[-500:]}")


class NoidaBroker:
    """The noida-db wheel: Kafka's protocol in one small program, for development and tests.

    It acknowledges from memory and saves everything to one file about once a second: what came after
    the last save is lost with the process. Only the polls bring such a change back.
    """

    name = "noida-db"

    def __init__(self, folder: Path, log_path: Path | None = None) -> None:
        program = _noida_program()
        if program is None:
            raise FatalError("the noida-db wheel is not installed; try: pip install 'twinledger[dev]'")
        said = run_to_end([str(program), "version"], timeout_s=30).stdout.split()
        self.version = said[-1] if said else "unknown"
        self._folder = folder.resolve()
        (port,) = kept_ports(self._folder, 1)
        self.address = f"127.0.0.1:{port}"
        where = ["--data-dir", str(self._folder / "data"), "--only", "kafka", "--kafka-port", str(port)]
        log = log_path or self._folder / "noida-db.log"
        self.process = ChildProcess(Command("noida-db", [str(program), "start", *where], log))

    async def start(self) -> None:
        self.process.start()
        await self.process.started(lambda: answers_kafka(self.address), within_s=_START_WITHIN_S)

    async def stop(self) -> None:
        await self.process.stop()

    def saved_at(self) -> int:
        """When its file was last written, in nanoseconds; 0 before the first time."""
        file = self._folder / "data" / "kafka.json"
        return file.stat().st_mtime_ns if file.exists() else 0


def choose_broker(
    folder: Path, libs: Path, say: Callable[[str], None], *, log_path: Path | None = None
) -> Broker:
    """The first of the three kinds that can be had here; `say` hears what was chosen and why."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        return GivenBroker(given)
    java = find_java()
    missing = java if isinstance(java, Missing) else fetch_jars(libs, say)
    if isinstance(java, Java) and missing is None:
        return ApacheKafka(folder / "kafka", libs, java, log_path)
    assert missing is not None
    say(f"Apache Kafka is not used: {missing.reason}; to have it: {missing.fix}")
    return NoidaBroker(folder / "noida", log_path)


async def answers_kafka(address: str) -> bool:
    """Whether a Kafka broker answers its first request there."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(_API_VERSIONS)
                return len(await reader.readexactly(8)) == 8
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        return False


def _noida_program() -> Path | None:
    spec = find_spec("noida_db")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).with_name("noida-db.exe" if os.name == "nt" else "noida-db")
    if not program.is_file():
        return None
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    return program
