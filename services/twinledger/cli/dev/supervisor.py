"""Dev: keeps a tree of processes running: started in layers, restarted when they die, stopped in reverse.

A layer starts when the one before it answers. A process that ends by itself is started again after a
short wait that doubles while it keeps failing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from twinledger.cli.dev.process import ChildProcess
from twinledger.kernel.clock import Clock

__all__ = ["Part", "Supervisor"]

_LOOK_EVERY_S = 0.1
_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0
_CALM_AFTER_S = 30.0


@dataclass(slots=True)
class Part:
    """One supervised process; `answers` says when it works."""

    process: ChildProcess
    answers: Callable[[], Awaitable[bool]]
    within_s: float = 60.0
    wait_s: float = _FIRST_WAIT_S
    started_at: float = 0.0
    due_at: float | None = None
    restarts: int = 0

    @property
    def name(self) -> str:
        return self.process.command.name


class Supervisor:
    """The tree; `say` hears of every death."""

    def __init__(self, clock: Clock, say: Callable[[str], None]) -> None:
        self._clock = clock
        self._say = say
        self._layers: list[list[Part]] = []
        self.restarted: Callable[[], None] = lambda: None
        """Told after each restart: a process has another id now."""

    def part(self, name: str) -> Part:
        """The part of that name."""
        return next(part for layer in self._layers for part in layer if part.name == name)

    def parts(self) -> Sequence[Part]:
        return [part for layer in self._layers for part in layer]

    def adopt(self, *parts: Part) -> None:
        """A layer that was started already."""
        for part in parts:
            part.started_at = self._clock.monotonic()
        self._layers.append(list(parts))

    async def start(self, *parts: Part) -> None:
        """Start a layer and wait until all of it answers."""
        self._layers.append(list(parts))
        for part in parts:
            self._launch(part)
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part.process.started(part.answers, within_s=part.within_s))

    async def watch(self) -> None:
        """Restart what died, until cancelled."""
        while True:
            for part in self.parts():
                self._look_after(part)
            await self._clock.sleep(_LOOK_EVERY_S)

    async def stop(self) -> None:
        """End everything, the last layer first."""
        while self._layers:
            layer = self._layers.pop()
            await asyncio.gather(*(part.process.stop() for part in layer))

    def _look_after(self, part: Part) -> None:
        now = self._clock.monotonic()
        if part.process.alive():
            if now - part.started_at > _CALM_AFTER_S:
                part.wait_s = _FIRST_WAIT_S
        elif part.due_at is None:
            self._say(f"{part.name} ended ({part.process.exit_code()}); starting it again")
            part.due_at = now + part.wait_s
            part.wait_s = min(part.wait_s * 2, _LONGEST_WAIT_S)
        elif now >= part.due_at:
            part.due_at = None
            part.restarts += 1
            self._launch(part)
            self.restarted()

    def _launch(self, part: Part) -> None:
        part.process.start()
        part.started_at = self._clock.monotonic()
