"""Sandbox: delivers what the vendors have to tell, with the loss, doubles, delay and disorder asked for.

A vendor builds a `Delivery` complete with signature; here it is sent, retried by the vendor's own schedule,
and remembered, so that a test can ask which deliveries were acknowledged.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import aiohttp

from .clock import Clock, iso_utc

__all__ = ["Delivery", "DeliveryFaults", "Dispatcher"]

PARALLEL = 32
HISTORY = 100_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it goes on the wire. `retry_waits_s` = one more try after each of these waits."""

    system: str
    event: str
    object_id: str
    uri: str
    headers: dict[str, str]
    body: bytes
    method: str = "POST"
    timeout_s: float = 10.0
    retry_waits_s: tuple[float, ...] = ()
    fifo: bool = False  # handshakes: never lost, doubled, delayed or reordered


@dataclass(slots=True)
class DeliveryFaults:
    """`loss` and `duplicate` below 1 are probabilities; `duplicate` N >= 1 sends N extra copies.

    `reorder` = within how many waiting deliveries the order is shuffled (true: 10).
    """

    loss: float = 0.0
    duplicate: float = 0.0
    delay_s: float = 0.0
    reorder: int = 0
    seed: int = 0

    def change(self, wanted: dict[str, Any]) -> None:
        for name, value in wanted.items():
            if name == "reorder":
                self.reorder = 10 if value is True else int(value or 0)
            elif name == "seed":
                self.seed = int(value)
            elif name in {"loss", "duplicate", "delay_s"}:
                setattr(self, name, max(0.0, float(value or 0)))
            else:
                raise ValueError(f"no webhook setting named {name!r}")


class Dispatcher:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.carry: Callable[[Delivery], Awaitable[int | None]] = self._post  # None: it did not arrive
        self.faults = DeliveryFaults()
        self._dice = Random(0)  # noqa: S311 - a seeded fault, not a secret
        self._held: list[Delivery] = []  # waiting for the shuffle
        self._waiting: dict[int, Delivery] = {}  # delayed or between two tries
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(PARALLEL)
        self._session: aiohttp.ClientSession | None = None
        self._next = 0
        self._flushed = asyncio.Event()
        self.history: deque[dict[str, Any]] = deque(maxlen=HISTORY)
        self.listeners: list[Callable[[Delivery, bool], None]] = []  # told when a message is over

    def configure(self, wanted: dict[str, Any]) -> None:
        self.faults.change(wanted)
        if "seed" in wanted:
            self._dice = Random(self.faults.seed)  # noqa: S311 - a seeded fault, not a secret

    def submit(self, delivery: Delivery) -> None:
        if delivery.fifo:
            self._start(delivery, 0.0)
            return
        if self._dice.random() < self.faults.loss:
            self._note(delivery, "lost", None, 0)
            return
        for _ in range(1 + self._extra_copies()):
            if self.faults.reorder > 1:
                self._hold(delivery)
            else:
                self._start(delivery, self.faults.delay_s)

    def _extra_copies(self) -> int:
        wanted = self.faults.duplicate
        return int(wanted) if wanted >= 1 else int(self._dice.random() < wanted)

    def _hold(self, delivery: Delivery) -> None:
        self._held.append(delivery)
        if len(self._held) >= self.faults.reorder:
            self._release()
        elif len(self._held) == 1:
            self._spawn(self._release_later())

    async def _release_later(self) -> None:
        await self._wait(1.0)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        self._dice.shuffle(held)
        for delivery in held:
            self._start(delivery, self.faults.delay_s)

    def _start(self, delivery: Delivery, delay_s: float) -> None:
        self._next += 1
        self._waiting[self._next] = delivery
        self._spawn(self._deliver(self._next, delivery, delay_s))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, number: int, delivery: Delivery, delay_s: float) -> None:
        delivered = False
        for attempt, wait_s in enumerate((delay_s, *delivery.retry_waits_s), 1):
            if wait_s > 0:
                await self._wait(wait_s)
            async with self._slots:
                status = await self.carry(delivery)
            delivered = status is not None and 200 <= status < 300
            self._note(delivery, "acknowledged" if delivered else "refused", status, attempt)
            if delivered:
                break
        self._waiting.pop(number, None)
        for listener in self.listeners:
            listener(delivery, delivered)

    async def _wait(self, seconds: float) -> None:
        """Until the time has passed or somebody flushes."""
        sleep = asyncio.ensure_future(self._clock.sleep(seconds))
        flush = asyncio.ensure_future(self._flushed.wait())
        _, unfinished = await asyncio.wait({sleep, flush}, return_when=asyncio.FIRST_COMPLETED)
        for each in unfinished:
            each.cancel()

    async def _post(self, delivery: Delivery) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=PARALLEL), cookie_jar=aiohttp.DummyCookieJar()
            )
        timeout = aiohttp.ClientTimeout(total=delivery.timeout_s)
        try:
            async with self._session.request(
                delivery.method,
                delivery.uri,
                data=delivery.body,
                headers=delivery.headers,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None

    def _note(self, delivery: Delivery, outcome: str, status: int | None, attempt: int) -> None:
        self.history.append(
            {
                "at": iso_utc(self._clock.now()),
                "system": delivery.system,
                "event": delivery.event,
                "object_id": delivery.object_id,
                "uri": delivery.uri,
                "outcome": outcome,
                "status": status,
                "attempt": attempt,
            }
        )

    async def flush(self) -> dict[str, int]:
        """Sends all that waits now, delays and retry waits aside, and returns when it is done."""
        before = len(self.history)
        self._release()
        self._flushed.set()
        while self._tasks:
            await asyncio.gather(*tuple(self._tasks), return_exceptions=True)
        self._flushed.clear()
        fresh = list(self.history)[before:]
        outcomes = [row["outcome"] for row in fresh]
        return {"acknowledged": outcomes.count("acknowledged"), "refused": outcomes.count("refused")}

    def rows(self) -> Iterator[dict[str, Any]]:
        return iter(list(self.history))

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        if self._session is not None:
            await self._session.close()

    def dump(self) -> Any:
        waiting = [*self._waiting.values(), *self._held]
        return {"faults": asdict(self.faults), "waiting": [_row(each) for each in waiting]}

    def load(self, state: Any) -> None:
        self.configure(state["faults"])
        for row in state["waiting"]:
            self._start(_delivery(row), 0.0)


def _row(delivery: Delivery) -> dict[str, Any]:
    return {**asdict(delivery), "body": delivery.body.decode("latin-1")}


def _delivery(row: dict[str, Any]) -> Delivery:
    waits = tuple(row["retry_waits_s"])
    return Delivery(**{**row, "body": row["body"].encode("latin-1"), "retry_waits_s": waits})
