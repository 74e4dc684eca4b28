"""Simulation: one process of many: seeds in, a JSON line for each out. Its hash seed must be 0."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import orjson
import structlog
from tests.faults.simulation.server import Server
from tests.faults.simulation.story import Size, tell


def work(server: Server, seed: int) -> bytes:
    """What came of one seed."""
    began = time.monotonic()
    told = server.tell(lambda loop, port: tell(loop, port, seed, Size()))
    return orjson.dumps({**asdict(told), "seconds": time.monotonic() - began})


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), "simulation")
        asyncio.run(server.start())
        try:
            for line in sys.stdin:
                sys.stdout.write(f"{work(server, int(line)).decode()}\n")
                sys.stdout.flush()
        finally:
            asyncio.run(server.stop())


if __name__ == "__main__":
    main()
