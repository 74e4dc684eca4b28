"""Simulation: one life of a stage, from its wiring to its death at any await that leaves it.

What belongs to a life finds it in a context variable: its tasks, its broker, its database, its network. A
life that is over reaches none of them any more, whatever its `finally` blocks try.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any

__all__ = ["LIFE", "Life", "life_of_task", "outside_of_life", "this_life"]

LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class Life:
    """`dies_at`: the step, counted over all awaits that leave the process, at which a kill -9 meets it."""

    def __init__(self, stage: str, world: Any, rng: random.Random, dies_at: int | None) -> None:
        self.stage, self.world, self.rng = stage, world, rng
        self.dies_at = dies_at
        self.steps = 0
        self.died_in = ""
        self.is_over = False
        self.tasks: dict[asyncio.Task[Any], None] = {}
        """In the order they were started: a set has none that a replay would repeat."""
        self.answered: list[tuple[float, int]] = []
        """Vendors' answers that reached it: loop time and line of the ledger."""
        self._context: Context = copy_context()
        self._context.run(LIFE.set, self)

    def step(self, name: str) -> None:
        """Before and after each await that leaves the process."""
        if self.is_over:
            raise asyncio.CancelledError(f"{self.stage} is dead")
        self.steps += 1
        if self.steps == self.dies_at:
            self.end(name)
            raise asyncio.CancelledError(f"{self.stage} is killed")

    def end(self, where: str) -> None:
        """As by kill -9."""
        self.is_over, self.died_in = True, where
        for task in tuple(self.tasks):
            task.cancel()

    def hears(self, line: int) -> None:
        self.answered.append((asyncio.get_running_loop().time(), line))

    def heard_last(self, within_s: float) -> list[int]:
        """Answers that it may have taken to its grave."""
        since = asyncio.get_running_loop().time() - within_s
        return [line for at, line in self.answered if at >= since]

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of this life."""
        return asyncio.get_running_loop().create_task(work, context=self._context.copy())

    def forget(self, task: asyncio.Task[Any]) -> None:
        self.tasks.pop(task, None)

    async def gone(self) -> None:
        """Until nothing of it runs any more."""
        while left := [task for task in self.tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=0.1)


def this_life() -> Life:
    life = LIFE.get()
    assert life is not None, "nothing of a stage may run outside a life"
    return life


@contextmanager
def outside_of_life() -> Iterator[None]:
    """What is started inside belongs to the world: it goes on when the caller dies."""
    token = LIFE.set(None)
    try:
        yield
    finally:
        LIFE.reset(token)


def life_of_task(loop: Any, coroutine: Any, *, context: Context | None = None, **rest: Any) -> Any:
    """The loop's task factory: tasks end with the life that started them."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, context=context, **rest)
    life = LIFE.get() if context is None else context.get(LIFE)
    if life is not None:
        life.tasks[task] = None
        task.add_done_callback(life.forget)
    return task
