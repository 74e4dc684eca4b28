"""Sandbox: the program. Binds the ports, builds the vendors, seeds them, serves, writes the urls file.

python -m twinledger.sandbox --port 0 --urls FILE --customers 50
"""

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from .listener import Listener, bind
from .options import Options, parse_arguments
from .page import describe_page, route_rows, switch_rows
from .plugin import Vendor
from .simulators import HOSTS, Simulators
from .snapshot import restore, save
from .switches import SwitchError
from .world import World

__all__ = ["Options", "Sandbox", "main"]


class Sandbox:
    """Build, `start`, `close`. Tests run it in their own process, with vendors of their own in `extra`."""

    def __init__(self, options: Options, extra: Sequence[Callable[[World], Vendor]] = ()) -> None:
        self.options = options
        self._sockets = _bind_all(options)
        urls = {
            host: f"http://{options.host}:{each.getsockname()[1]}" for host, each in self._sockets.items()
        }
        self._simulators = Simulators(options, urls, extra=extra)
        self.world = self._simulators.world
        self.addresses: dict[str, Any] = {}
        applications = self._simulators.applications()
        self._listeners = [Listener(app, self._sockets[host]) for host, app in applications.items()]

    async def start(self) -> None:
        if self.options.state is not None and self.options.state.exists():
            restore(self.world, self.options.state)
        self.addresses = self._simulators.describe()
        gc.collect()
        gc.freeze()  # the seeded records live as long as the program: never scan them again
        for listener in self._listeners:
            await listener.start()
        if self.options.urls is not None:
            _write_atomically(self.options.urls, orjson.dumps(self.addresses, option=orjson.OPT_INDENT_2))

    async def close(self) -> None:
        if self.options.state is not None:
            save(self.world, self.options.state)
        for listener in self._listeners:
            await listener.close()
        await self.world.webhooks.close()


def _bind_all(options: Options) -> dict[str, socket.socket]:
    """With --port N the hosts take N, N+1, ... in the order of HOSTS; with 0 free ones."""
    ports = [options.port + index if options.port else 0 for index in range(len(HOSTS))]
    return {host: bind(options.host, port) for host, port in zip(HOSTS, ports, strict=True)}


def _write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + f".{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)


def _ready_lines(sandbox: Sandbox) -> Iterable[str]:
    """The first line is what scripts wait for; the others tell a person where to look."""
    yield f"sandbox ready, admin {sandbox.addresses['admin']}"
    world, vendors = sandbox.world, sandbox.world.vendors
    for host in dict.fromkeys(host for vendor in vendors for host, _ in vendor.hosts()):
        yield f"  {host:<18} {world.url(host)}"
    where = sandbox.options.urls
    yield f"  credentials in {where}" if where else "  credentials: start with --urls FILE"


async def serve(sandbox: Sandbox) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await sandbox.start()
    for line in _ready_lines(sandbox):
        print(line, flush=True)  # noqa: T201 - the program's own output
    await stop.wait()
    await sandbox.close()


def _listed(what: str, world: World) -> Iterable[str]:
    if what == "page":
        return describe_page(world)
    return route_rows(world.vendors) if what == "routes" else switch_rows(world.switches.rows())


def main(arguments: Sequence[str] | None = None) -> int:
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments)
    try:
        sandbox = Sandbox(options)
    except (SwitchError, OSError) as exc:
        print(f"sandbox: {exc}", file=sys.stderr)  # noqa: T201 - the program's own output
        return 2
    if options.listed is not None:
        print("\n".join(_listed(options.listed, sandbox.world)))  # noqa: T201 - the program's own output
        return 0
    runner = asyncio.run
    with contextlib.suppress(ImportError):
        runner = importlib.import_module("uvloop").run
    runner(serve(sandbox))
    return 0
