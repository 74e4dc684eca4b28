"""Simulation: the sandbox in this process: called without a socket, delivering without one, on virtual time.

A call takes a moment to get there and a moment to come back; now and then one stands in a queue until its
caller has given up. Who gives up does not know whether it arrived: one time out of two it does, in its time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from tests.faults.simulation.life import LIFE, outside_of_life
from tests.faults.simulation.virtual_time import VendorClock, VirtualLoop

from twinledger.kernel.http import AsyncBaseTransport, Request, Response
from twinledger.sandbox.options import Options
from twinledger.sandbox.simulators import HOSTS, Simulators
from twinledger.sandbox.webhooks import Delivery

__all__ = ["Refusal", "Vendors"]

WIDE_OPEN = {"minute": None, "day": None, "in_flight": None, "credits": None, "token": None}
_QUEUED, _QUEUED_S = 0.01, (3.0, 9.5)
_ADDRESSES = {host: f"http://{host}.test" for host in HOSTS}
_HOSTS = {urlsplit(address).hostname: host for host, address in _ADDRESSES.items()}


class Refusal(Exception):
    """The vendor does not let a person do this."""


class Vendors:
    """All simulated vendors of one world."""

    def __init__(self, loop: VirtualLoop, seed: int) -> None:
        self._loop = loop
        self._rng = random.Random(f"network {seed}")
        self.clock = VendorClock(loop)
        clock: Any = self.clock  # virtual too, and wrong by each vendor's own error
        simulators = Simulators(Options(customers=0, seed=seed), _ADDRESSES, clock=clock)
        self.world = simulators.world
        self.apps = simulators.applications()
        self.urls = simulators.describe()
        self.hooks: dict[str, Callable[[Delivery], Any]] = {}
        self.world.webhooks.carry = self._deliver
        self._kinds = {
            f"{vendor.system}.{kind.name}": kind for vendor in self.world.vendors for kind in vendor.kinds()
        }
        self.calls = 0
        self.late: set[asyncio.Task[None]] = set()
        self.ran_late = 0
        """Calls that did their work after their caller had given up."""
        self.unheard: set[int] = set()
        """Calls, by their line in the ledger, whose answer reached nobody."""
        for limiter in self.world.limiters.values():
            limiter.settings.change(dict(WIDE_OPEN))

    def transport(self, step: Callable[[str], None]) -> AsyncBaseTransport:
        return _Transport(self, step)

    def act(self, system: str, name: str, op: str, record_id: str | None, fields: Mapping[str, Any]) -> str:
        """What a person does in the vendor's own page; the record's id."""
        self.clock.vendor.set(_vendor_of(system))
        status, answer = self.apps["admin"].act(
            {}, {"system": system, "object": name, "op": op, "id": record_id, "fields": dict(fields)}
        )
        if status != 200:
            raise Refusal(f"{op} of {system}.{name} {record_id or ''}: {answer}")
        return str(answer["id"])

    def records(self, object_name: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Every living record of an object, as the vendor shows one."""
        system, _, name = object_name.partition(".")
        rows = map(orjson.loads, self.apps["admin"].state({"system": system, "object": name}))
        return [row["record"] for row in rows if deleted or not row["deleted"]]

    def record(self, object_name: str, record_id: str) -> dict[str, Any]:
        """One record, as its vendor shows it."""
        kind = self._kinds[object_name]
        held = kind.table.get(record_id)
        assert held is not None, f"{object_name} {record_id} is gone"
        found: dict[str, Any] = kind.render(held)
        return found

    def record_or_none(self, object_name: str, record_id: str) -> dict[str, Any] | None:
        """None when it is gone without a trace."""
        kind = self._kinds[object_name]
        held = kind.table.get(record_id)
        found: dict[str, Any] | None = None if held is None else kind.render(held)
        return found

    def deliveries_waiting(self) -> int:
        return len(self.world.webhooks.dump()["waiting"])

    def ledger(self, after: int = 0) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.world.ledger.read(after)]

    def last_line(self) -> int:
        return len(self.world.ledger)

    def way_there(self) -> float:
        """How long a call is under way; never longer than a vendor may run it late (`latest_run_s`)."""
        return self._rng.uniform(*_QUEUED_S) if self._rng.random() < _QUEUED else self.moment()

    def moment(self) -> float:
        """How long something is under way."""
        return self._rng.expovariate(1 / 0.02) if self._rng.random() < 0.98 else self._rng.uniform(0.1, 1.5)

    def arrives_anyway(self) -> bool:
        return self._rng.random() < 0.5

    async def send(self, request: Request, body: bytes) -> Response:
        """The vendor's side of one call."""
        host = _HOSTS[request.url.host]
        self.clock.vendor.set(host.partition(".")[0])
        self.calls += 1
        answer = _Answer(body)
        raw_path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "method": request.method,
            "path": unquote(raw_path.decode("ascii")),
            "raw_path": raw_path,
            "query_string": query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "sandbox.transport": answer,
        }
        with outside_of_life():
            await self.apps[host](scope, answer.receive, answer.take)
        if answer.is_cut:
            raise ConnectionResetError("the vendor cut the connection")
        return Response(answer.status, headers=answer.headers, content=bytes(answer.body), request=request)

    async def _deliver(self, delivery: Delivery) -> int | None:
        """None: nobody answers at the address, or it died meanwhile."""
        await asyncio.sleep(self.moment())
        receive = self.hooks.get(urlsplit(delivery.uri).netloc)
        return None if receive is None else await receive(delivery)


class _Transport(AsyncBaseTransport):
    """The network between one stage and the vendors."""

    def __init__(self, vendors: Vendors, step: Callable[[str], None]) -> None:
        self._vendors, self._step = vendors, step

    async def handle_async_request(self, request: Request) -> Response:
        self._step("http.before")
        body = await request.aread()
        loop = asyncio.get_running_loop()
        arrives_at = loop.time() + self._vendors.way_there()
        try:
            await asyncio.sleep(arrives_at - loop.time())
        except asyncio.CancelledError:
            if self._vendors.arrives_anyway():
                with outside_of_life():
                    task = loop.create_task(self._unheard(request, body, arrives_at))
                self._vendors.late.add(task)
                task.add_done_callback(self._vendors.late.discard)
            raise
        response = await self._vendors.send(request, body)
        line = self._vendors.last_line()
        try:
            await asyncio.sleep(self._vendors.moment())
            self._step("http.after")
        except asyncio.CancelledError:
            self._vendors.unheard.add(line)
            raise
        if (life := LIFE.get()) is not None:
            life.hears(line)
        return response

    async def _unheard(self, request: Request, body: bytes, arrives_at: float) -> None:
        await asyncio.sleep(arrives_at - asyncio.get_running_loop().time())
        try:
            await self._vendors.send(request, body)
        except ConnectionResetError:
            return
        self._vendors.ran_late += 1
        self._vendors.unheard.add(self._vendors.last_line())


class _Answer:
    """One ASGI exchange; also the connection that a fault may cut."""

    def __init__(self, body: bytes) -> None:
        self._given: bytes | None = body
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.is_cut = False

    async def receive(self) -> dict[str, Any]:
        if self._given is None:
            await asyncio.get_running_loop().create_future()  # connected until the caller gives up
        body, self._given = self._given, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def take(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def get_extra_info(self, name: str) -> None:
        del name

    def abort(self) -> None:
        self.is_cut = True


def _vendor_of(system: str) -> str:
    return "freshbooks" if system == "freshbooks" else "zoho"
