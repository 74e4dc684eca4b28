"""Webhook ingest with durable ack: the real program on real Kafka, beside a bare route with its producer.

The program also notes every hint in the database, as it always does; its reads wait for a budget of one
call a minute, so that no simulated vendor takes part.
"""

from __future__ import annotations

from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.bench.figures import Figure, ratio
from tests.bench.lab import Lab, budgets, meter, one_stage, reached
from tests.bench.programs import Tool, free_port, tool_program

from twinledger.cli.dev.connect import connect
from twinledger.cli.dev.session import Session
from twinledger.kernel.database import transaction
from twinledger.state.sealing import KeyFile, Sealer, open_key_wrapper
from twinledger.state.subscriptions import StoredSubscription, ensure_subscription, save_subscription

__all__ = ["measure"]

_KEY = "0f" * 16
_VERIFIER = "hK3pQm7Zr2VxTn9WbYcD4sLfGj8aEuRi"
_IDS = [str(number) for number in range(480_000, 500_000)]
_TOPIC = "bench.bare"
_CONNECTIONS = 64
_SECONDS = 4.0
_STEADY_PER_S = 1_000


async def measure(lab: Lab, rounds: int) -> list[Figure]:
    """A B A B: bare route, our program, our program at a fixed rate; then the other order."""
    session = await lab.session("ingest", budgets(freshbooks=1))
    await _prepare(session)
    bare_port = free_port()
    address = session.stack.broker.address
    ours, bare, steady, notes = [], [], [], []
    async with (
        one_stage(session, "ingest", {"TWINLEDGER_INGEST__PUBLIC_URL": ""}) as ingest,
        tool_program("bare_route", address, str(bare_port), _TOPIC, _VERIFIER) as route,
        tool_program("webhook_load") as load,
    ):
        port = int(session.stack.ingest_address.rpartition(":")[2])
        await reached(lambda: _answers_200(load, port), within_s=30, every_s=0.5)
        cpu = meter(session, ingest=ingest, bare_route=route.pid, load=load.pid)
        for _ in range(rounds):
            bare.append(await _send(load, bare_port))
            cpu.start()
            ours.append(await _send(load, port))
            ours[-1]["cpu_us"] = cpu.used_s("ingest") * 1e6 / (ours[-1]["per_s"] * (_SECONDS + 1))
            notes.append(cpu.text())
            await _all_noted(session)
            steady.append(await _send(load, port, rate=_STEADY_PER_S))
            await _all_noted(session)
    return _figures(ours, bare, steady, notes)


def _figures(
    ours: list[dict[str, Any]], bare: list[dict[str, Any]], steady: list[dict[str, Any]], notes: list[str]
) -> list[Figure]:
    def values(rounds: list[dict[str, Any]], name: str) -> list[float]:
        return [float(one[name]) for one in rounds]

    held = f"middle round, {notes[len(notes) // 2]}"
    return [
        Figure("ingest: webhooks with durable ack", "1/s", values(ours, "per_s"), 5_000, note=held),
        Figure("ingest: bare ASGI route, same producer", "1/s", values(bare, "per_s")),
        ratio("ingest: ratio to the bare route", values(ours, "per_s"), values(bare, "per_s"), 0.8),
        Figure("ingest: p50 back to back", "ms", values(ours, "p50_ms")),
        Figure("ingest: p99 back to back", "ms", values(ours, "p99_ms")),
        Figure("ingest: CPU of the program", "us/request", values(ours, "cpu_us")),
        Figure(f"ingest: p50 at {_STEADY_PER_S:,}/s", "ms", values(steady, "p50_ms")),
        Figure(f"ingest: p99 at {_STEADY_PER_S:,}/s", "ms", values(steady, "p99_ms")),
        Figure("ingest: not answered 200", "", values([*ours, *steady], "refused"), at_most=0),
    ]


async def _prepare(session: Session) -> None:
    """A connected workspace with one subscription, and the yardstick's topic."""
    keys = KeyFile(data_dir=session.stack.folders.data)
    workspace = session.stack.options.workspace
    await connect(session.pool, workspace, session.stack.platforms(), keys, session.http, session.clock)
    sealer = Sealer(open_key_wrapper(keys))
    row = StoredSubscription(
        _KEY, workspace, "freshbooks", "freshbooks.client", "client", "1", _VERIFIER, "active"
    )
    async with transaction(session.pool) as connection:
        await ensure_subscription(connection, sealer, row)
        await save_subscription(connection, sealer, row, due_in_s=86_400)
    admin = AIOKafkaAdminClient(bootstrap_servers=session.stack.broker.address)
    await admin.start()
    await admin.create_topics([NewTopic(_TOPIC, 6, 1)])
    await admin.close()


async def _send(load: Tool, port: int, **more: Any) -> dict[str, Any]:
    return await load.ask(
        port=port,
        path=f"/hooks/freshbooks/{_KEY}",
        verifier=_VERIFIER,
        event="client.update",
        ids=_IDS,
        connections=_CONNECTIONS,
        seconds=more.pop("seconds", _SECONDS),
        **more,
    )


async def _answers_200(load: Tool, port: int) -> bool:
    """The program is connected and warm."""
    return bool((await _send(load, port, seconds=0.5))["refused"] == 0)


async def _all_noted(session: Session) -> None:
    """The hints of a round are in their table before the next one starts."""
    before = -1

    async def still() -> bool:
        nonlocal before
        now = await session.pool.fetchval("select coalesce(sum(next_offset), 0) from consumer_offset")
        known, before = before, int(now)
        return known == before

    await reached(still, within_s=120, every_s=0.6)
