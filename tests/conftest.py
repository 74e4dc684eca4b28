"""One real broker and one real PostgreSQL for the session; each test gets its own database and topics.

Where the tests are shared out among processes (`-n 2`) each process has its servers.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from twinledger.cli.dev.broker import Broker, choose_broker
from twinledger.cli.dev.database import Database, choose_database
from twinledger.kernel.database import migrate

KAFKA_LIBS = Path(__file__).parents[1] / ".twinledger" / "kafka" / "libs"
_TEMPLATE = "twinledger_test_template"
_ran = pytest.StashKey[dict[str, str]]()
_guarantees = pytest.StashKey[dict[str, list[str]]]()
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ran] = {}
    config.stash[_guarantees] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for broker, passed in config.stash[_guarantees].items():
        terminalreporter.write_line(f"broker contract on {broker}: {', '.join(passed)}")
    for kind in ("broker", "database"):
        terminalreporter.write_line(f"{kind}: {config.stash[_ran].get(kind, 'not needed by these tests')}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What a process of several used is told to the one that prints it."""
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["ran"], told["guarantees"] = session.config.stash[_ran], session.config.stash[_guarantees]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told: dict[str, Any] = getattr(node, "workeroutput", {})  # nothing of one that crashed
    for kind, text in told.get("ran", {}).items():
        note_server(node.config, kind, text)
    for broker, passed in told.get("guarantees", {}).items():
        node.config.stash[_guarantees].setdefault(broker, []).extend(passed)


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this session's servers keep their data."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def postgres(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[Database]:
    """The session's PostgreSQL server: DATABASE_URL, or one of our own with fsync on."""
    server = choose_database(server_folder, _say(pytestconfig))
    asyncio.run(server.start())
    note_server(pytestconfig, "database", f"{server.name} {server.version}")
    yield server
    asyncio.run(server.stop())


@pytest.fixture(scope="session")
def postgres_dsn(postgres: Database) -> str:
    """The server's own database; only for making others."""
    return postgres.address


@pytest.fixture(scope="session")
def migrated_template(postgres_dsn: str) -> str:
    """Name of a database with every migration applied, to copy from."""

    async def build() -> None:
        await _execute(postgres_dsn, f"drop database if exists {_TEMPLATE}")
        await _execute(postgres_dsn, f"create database {_TEMPLATE}")
        await migrate(database_address(postgres_dsn, _TEMPLATE))

    asyncio.run(build())
    return _TEMPLATE


@pytest.fixture
async def database(postgres_dsn: str, migrated_template: str) -> AsyncIterator[str]:
    """DSN of a fresh, migrated database of this test alone."""
    name = f"twinledger_test_{next(_numbers)}"
    await _execute(postgres_dsn, f"drop database if exists {name} with (force)")
    await _execute(postgres_dsn, f"create database {name} template {migrated_template}")
    yield database_address(postgres_dsn, name)
    await _execute(postgres_dsn, f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def kafka(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[Broker]:
    """The session's broker: KAFKA_BOOTSTRAP_SERVERS, Apache Kafka, or noida-db."""
    broker = choose_broker(server_folder, KAFKA_LIBS, _say(pytestconfig))
    asyncio.run(broker.start())
    note_server(pytestconfig, "broker", f"{broker.name} {broker.version}")
    yield broker
    asyncio.run(broker.stop())


@pytest.fixture
def guarantee(pytestconfig: pytest.Config) -> dict[str, list[str]]:
    """Which guarantee passed on which broker; printed at the end."""
    return pytestconfig.stash[_guarantees]


def note_server(config: pytest.Config, kind: str, text: str) -> None:
    """Which broker or database was used; printed at the end."""
    before = config.stash[_ran].get(kind)
    if before is None or text not in before:
        config.stash[_ran][kind] = f"{before}; {text}" if before else text


def database_address(dsn: str, name: str) -> str:
    """The same server, another database."""
    address, question, query = dsn.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{question}{query}"


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _say(config: pytest.Config) -> Callable[[str], None]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")

    def say(text: str) -> None:
        if reporter is not None:
            reporter.write_line(f"\n{text}")

    return say
