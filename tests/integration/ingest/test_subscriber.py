"""Wanted subscriptions are registered, proved by our own call, renewed, and moved with our address."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client import REGISTRY
from tests.eventually import eventually
from tests.integration.ingest.conftest import Stage, running
from tests.unit.ingest.asgi import call

from twinledger.connectors.base.contract import Subscription
from twinledger.ingest.hint_log import HintLog
from twinledger.ingest.hook_app import HookApp
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import TransientError


async def row(stage: Stage) -> Mapping[str, Any]:
    found = await stage.pool.fetchrow(
        "select *, due_at - now() as due_in from subscription where system = 'freshbooks'"
    )
    return dict(found) if found is not None else {}


async def state_is(stage: Stage, state: str) -> bool:
    return (await row(stage)).get("state") == state


async def test_what_is_wanted_is_registered_at_our_address(stage: Stage) -> None:
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
    stored = await row(stage)
    assert stage.subscriber.calls == [("register", f"https://sync.example/hooks/freshbooks/{stored['key']}")]
    assert len(stored["key"]) == 32
    assert (stored["object"], stored["event"], stored["external_id"]) == (
        "freshbooks.client",
        "client",
        "2044",
    )


async def test_a_handshake_during_the_registration_is_proved_after_it(stage: Stage) -> None:
    subscriber = stage.system_subscriber()
    hooks = HookApp(
        addresses=stage.directory,
        hints=HintLog(stage.broker, stage.codec),
        clock=SystemClock(),
    )
    hooks.open("default", {"freshbooks": stage.connector.webhooks}, {"freshbooks": subscriber.take_handshake})

    async def vendor_calls_back(subscription: Subscription) -> None:
        form = {"name": "callback.verify", "object_id": "2044", "verifier": "fresh verifier"}
        path = f"/hooks/freshbooks/{subscription.key}"
        assert (await call(hooks, path, urlencode(form).encode())).status == 200

    stage.subscriber.on_register = vendor_calls_back
    async with running(subscriber):
        await eventually(lambda: state_is(stage, "verified"))
    assert [name for name, _ in stage.subscriber.calls] == ["register", "verify"]
    stored = await row(stage)
    assert b"fresh verifier" not in stored["secret"]
    known = await stage.directory.find("freshbooks", stored["key"])
    assert known is not None and known.subscription.secret == "fresh verifier"


async def test_a_handshake_that_came_before_the_answer_is_kept_until_there_is_one(stage: Stage) -> None:
    subscriber = stage.system_subscriber()
    may_answer = asyncio.Event()

    async def hold(subscription: Subscription) -> None:
        subscriber.take_handshake(subscription.key, "early")
        await may_answer.wait()

    stage.subscriber.on_register = hold
    async with running(subscriber):
        await eventually(lambda: bool(stage.subscriber.calls))
        assert not await state_is(stage, "verified")
        may_answer.set()
        await eventually(lambda: state_is(stage, "verified"))


async def test_an_unproved_subscription_is_asked_for_again(stage: Stage) -> None:
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
        await stage.pool.execute("update subscription set due_at = now()")
        await eventually(lambda: state_is(stage, "verified"))
    assert [name for name, _ in stage.subscriber.calls] == ["register", "renew"]


async def test_it_is_renewed_at_half_life(stage: Stage) -> None:
    stage.subscriber.expires_at = SystemClock().now() + timedelta(hours=8)
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
        await stage.pool.execute("update subscription set due_at = now()")
        await eventually(lambda: state_is(stage, "verified"))
    due_in = (await row(stage))["due_in"]
    assert timedelta(hours=3, minutes=55) < due_in <= timedelta(hours=4)


async def test_a_new_public_address_is_told_to_the_vendor(stage: Stage) -> None:
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
    await stage.pool.execute("update subscription set address = 'https://old.example/hooks/freshbooks/x'")
    async with running(stage.system_subscriber()):
        await eventually(lambda: len(stage.subscriber.calls) == 2)
    name, address = stage.subscriber.calls[1]
    assert (name, address.startswith("https://sync.example/")) == ("renew", True)


async def test_a_vendor_that_does_not_answer_is_asked_again_later(stage: Stage) -> None:
    stage.subscriber.errors = [TransientError("reset", error_class="network")]
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"), within_s=10)
    assert [name for name, _ in stage.subscriber.calls] == ["register", "register"]


async def test_a_restart_registers_nothing_twice(stage: Stage) -> None:
    for _ in range(2):
        async with running(stage.system_subscriber()) as subscriber:
            await eventually(lambda: state_is(stage, "registered"))
            subscriber.wake()
    assert len(stage.subscriber.calls) == 1


async def test_an_address_of_another_replica_is_found_in_the_table(stage: Stage) -> None:
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
    key = (await row(stage))["key"]
    stage.directory._known.clear()
    assert await stage.directory.find("freshbooks", key) is not None
    assert await stage.directory.find("zoho_crm", key) is None


async def test_made_up_addresses_do_not_become_a_flood_of_statements(stage: Stage) -> None:
    asked = [await stage.directory.find("freshbooks", f"{number:032x}") for number in range(1000)]
    assert not any(asked)
    assert stage.directory._look_ups > 20


async def test_a_long_lived_one_is_compared_with_the_vendor_every_six_hours(stage: Stage) -> None:
    stage.subscriber.expires_at = SystemClock().now() + timedelta(days=6)
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
        await stage.pool.execute("update subscription set due_at = now()")
        await eventually(lambda: state_is(stage, "verified"))
    assert (await row(stage))["due_in"] <= timedelta(hours=6)


@pytest.mark.parametrize(("left", "state"), [("23 hours", "lapsing"), ("25 hours", "registered")])
async def test_one_that_ends_within_a_day_and_is_not_renewed_lapses(
    stage: Stage, left: str, state: str
) -> None:
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
        stage.subscriber.errors = [TransientError("reset", error_class="network")]
        await stage.pool.execute(
            "update subscription set due_at = now(), expires_at = now() + $1::text::interval", left
        )

        async def failed() -> bool:
            return bool((await row(stage))["attempt"])

        await eventually(failed)
        assert await state_is(stage, state)
        await eventually(lambda: shown(state) == 1)


def shown(state: str) -> float | None:
    labels = {"workspace": "default", "system": "freshbooks", "state": state}
    return REGISTRY.get_sample_value("twinledger_subscriptions", labels)


async def test_a_silent_one_is_renewed_and_stays_silent_until_it_speaks(stage: Stage) -> None:
    async with running(stage.system_subscriber()):
        await eventually(lambda: state_is(stage, "registered"))
        await stage.pool.execute("update subscription set state = 'silent', due_at = now()")
        await eventually(lambda: "renew" in [name for name, _ in stage.subscriber.calls])

        async def kept() -> bool:
            return bool((await row(stage))["due_in"] > timedelta(hours=1))

        await eventually(kept)
    assert await state_is(stage, "silent")
