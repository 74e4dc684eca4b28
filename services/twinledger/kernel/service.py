"""Kernel: runs one stage as a process.

A stage's wiring hands over its workers; the service serves the admin port, keeps the heartbeat,
and turns SIGTERM or SIGINT into a graceful stop: not ready, workers stop, at most 10 s, then the
wiring closes what it built in reverse order.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog
import uvloop
from pydantic import ValidationError

import twinledger
from twinledger.kernel.clock import Clock, SystemClock
from twinledger.kernel.health import Health, admin_app
from twinledger.kernel.http_server import HttpServer
from twinledger.kernel.logs import configure_logging
from twinledger.kernel.metrics import BUILD_INFO, EVENT_LOOP_LAG
from twinledger.kernel.settings import StageSettings

__all__ = ["Build", "Runtime", "Worker", "release", "run_service"]

_DRAIN_LIMIT_S = 10.0
_BEAT_S = 0.5
_GARBAGE_AFTER = 100_000
"""Allocations between two looks for garbage; nearly all of ours is freed by counting."""

log = structlog.get_logger()


class Worker(Protocol):
    """A part of a stage that runs until it is told to stop."""

    async def run(self) -> None: ...

    def stop(self) -> None:
        """End soon: finish what is in flight, take nothing new."""
        ...


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every wiring gets from the process."""

    stage: str
    clock: Clock
    health: Health


S = TypeVar("S", bound=StageSettings)
T = TypeVar("T")
Build = Callable[[S, Runtime], AbstractAsyncContextManager[Sequence[Worker]]]


def run_service(stage: str, settings_type: type[S], build: Build[S]) -> None:
    """Read the settings, run until a signal; exits 0 when drained, 2 on bad settings, 1 on a failure."""
    try:
        settings = settings_type()  # type: ignore[call-arg]  # the fields come from the environment
    except ValidationError as error:
        sys.stderr.write(_explain(error))
        raise SystemExit(2) from error
    configure_logging(stage, settings.log_level)
    BUILD_INFO.labels(release(), stage).set(1)
    uvloop.run(serve(stage, settings, build))


async def serve(stage: str, settings: S, build: Build[S], clock: Clock | None = None) -> None:
    """The life of the process, from wiring to drained."""
    clock = clock or SystemClock()
    health = Health(clock)
    admin = HttpServer(admin_app(health), host=settings.admin_host, port=settings.admin_port)
    port = admin.bind()
    stop = _stop_on_signals()
    async with asyncio.TaskGroup() as background:
        helpers = [
            background.create_task(admin.run()),
            background.create_task(_heartbeat(stage, health, clock)),
        ]
        try:
            async with AsyncExitStack() as stack:
                workers = await _unless(
                    stop, stack.enter_async_context(build(settings, Runtime(stage, clock, health)))
                )
                if workers is not None:
                    health.started = True
                    log.info("stage_started", port=port, instance=settings.instance, version=release())
                    await _run_until(stop, workers, health)
        finally:
            for helper in helpers:
                helper.cancel()
    log.info("stage_stopped")


def release() -> str:
    """The version of this package."""
    return twinledger.__version__


async def _unless(stop: asyncio.Event, work: Coroutine[object, object, T]) -> T | None:
    """The result; None when told to stop before, for example while waiting to be connected."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    return None


async def _run_until(stop: asyncio.Event, workers: Sequence[Worker], health: Health) -> None:
    _spare_what_stays()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker.run()) for worker in workers]
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        health.draining = True
        for worker in workers:
            worker.stop()
        _, late = await asyncio.wait(tasks, timeout=_DRAIN_LIMIT_S)
        for task in late:
            task.cancel()
        log.info("stage_drained", count=len(tasks) - len(late))


def _spare_what_stays() -> None:
    """What was built by now lives as long as the process: looking through it for garbage cost a tenth of a
    loaded stage's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_AFTER, 20, 50)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _heartbeat(stage: str, health: Health, clock: Clock) -> None:
    lag = EVENT_LOOP_LAG.labels(stage)
    while True:
        began = clock.monotonic()
        await clock.sleep(_BEAT_S)
        lag.set(max(0.0, clock.monotonic() - began - _BEAT_S))
        health.beat()


def _explain(error: ValidationError) -> str:
    lines = [
        f"error: setting {'.'.join(str(part) for part in issue['loc']) or 'names'}: {issue['msg']}"
        for issue in error.errors(include_input=False, include_url=False)
    ]
    return "\n".join([*lines, "try: set TWINLEDGER_<NAME>, or read .env.example", ""])
