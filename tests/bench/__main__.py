"""Runs the benches on one broker and one database of their own and prints their figures.

A bench is a module `bench_<name>.py` with `async def measure(servers, rounds) -> list[Figure]`.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.bench.figures import Figure, describe_machine, table
from tests.bench.programs import Servers

from twinledger.cli.dev.broker import choose_broker
from twinledger.cli.dev.database import choose_database
from twinledger.kernel.database import migrate
from twinledger.road.topics import ensure_topics

_HERE = Path(__file__).parent
_LIBS = Path(".twinledger") / "kafka" / "libs"


def names() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in _HERE.glob("bench_*.py"))


async def run(wanted: Sequence[str], rounds: int) -> list[Figure]:
    """Everything is started before the first bench and ended after the last."""
    print(describe_machine())  # noqa: T201 - a bench prints
    with tempfile.TemporaryDirectory(prefix="twinledger-bench-") as folder:
        broker, database = choose_broker(Path(folder), _LIBS, print), choose_database(Path(folder), print)
        await broker.start()
        await database.start()
        try:
            await migrate(database.address)
            await ensure_topics(broker.address)
            print(f"{broker.name} {broker.version}, {database.name} {database.version}")  # noqa: T201
            return await _measure(wanted, Servers(broker.address, database.address), rounds)
        finally:
            await database.stop()
            await broker.stop()


async def _measure(wanted: Sequence[str], servers: Servers, rounds: int) -> list[Figure]:
    figures: list[Figure] = []
    for name in wanted:
        found: list[Figure] = await import_module(f"tests.bench.bench_{name}").measure(servers, rounds)
        print(table(found))  # noqa: T201
        figures += found
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(names())}; all when none is given")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    figures = asyncio.run(run(given.names or names(), given.rounds))
    raise SystemExit(1 if any(figure.missed for figure in figures) else 0)


if __name__ == "__main__":
    main()
