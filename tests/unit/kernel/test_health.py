from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import orjson
import pytest
from tests.fakes.clock import FakeClock

from twinledger.kernel.health import Health, admin_app
from twinledger.kernel.metrics import BUILD_INFO


async def get(health: Health, path: str) -> tuple[int, Any]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    await admin_app(health)({"type": "http", "path": path}, receive, send)
    body = sent[1]["body"]
    return sent[0]["status"], body.decode() if path == "/metrics" else orjson.loads(body)


async def up() -> bool:
    return True


async def broken() -> bool:
    raise OSError("no route")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def health(clock: FakeClock) -> Health:
    made = Health(clock)
    made.started = True
    return made


async def test_alive_while_the_loop_beats_whatever_the_dependencies_do(
    health: Health, clock: FakeClock
) -> None:
    health.depends_on("database", broken)
    assert (await get(health, "/livez"))[0] == 200
    clock.advance(11)
    assert (await get(health, "/livez"))[0] == 503
    health.beat()
    assert (await get(health, "/livez"))[0] == 200


async def test_ready_names_each_dependency(health: Health) -> None:
    health.depends_on("database", up)
    health.depends_on("vendor", broken, critical=False)
    status, report = await get(health, "/readyz")
    assert status == 200
    assert report["dependencies"]["database"]["status"] == "up"
    assert report["dependencies"]["vendor"] == {"status": "down", "critical": False, "took_ms": 0.0}
    assert await get(health, "/healthz") == (status, report)


async def test_not_ready_while_a_critical_dependency_is_down(health: Health) -> None:
    health.depends_on("database", broken)
    assert (await get(health, "/readyz"))[0] == 503


async def test_not_ready_while_draining(health: Health) -> None:
    health.draining = True
    status, report = await get(health, "/readyz")
    assert (status, report["status"]) == (503, "draining")


async def test_startup_is_over_when_the_wiring_is_built(clock: FakeClock) -> None:
    health = Health(clock)
    assert (await get(health, "/startupz"))[0] == 503
    health.started = True
    assert (await get(health, "/startupz"))[0] == 200


async def test_metrics_are_served_and_other_paths_are_not(health: Health) -> None:
    BUILD_INFO.labels("0", "test").set(1)
    status, text = await get(health, "/metrics")
    assert status == 200
    assert 'twinledger_build_info{stage="test",version="0"} 1.0' in text
    assert (await get(health, "/secrets"))[0] == 404
