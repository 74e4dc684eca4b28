"""Subscriptions and deliveries against the sandbox: what a person does comes back as a hint, once proven."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.contract.connectors.sandbox import Party, Sandbox, open_party
from tests.contract.connectors.subjects import SUBJECTS, Subject

from twinledger.connectors.base.contract import Delivery, Hint, Subscription, Verdict


class Listener:
    """A bare HTTP server that keeps every delivery and answers 200."""

    def __init__(self) -> None:
        self.deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()

    async def next(self) -> Delivery:
        async with asyncio.timeout(10):
            return await self.deliveries.get()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = head.split("\r\n")
                pairs = (line.partition(":") for line in lines[1:] if line)
                headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                query = lines[0].split(" ")[1].partition("?")[2].encode()
                await self.deliveries.put(Delivery(query, headers, body))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    await listener.start()
    yield listener
    await listener.close()


@pytest.fixture(params=sorted(SUBJECTS))
def subject(request: pytest.FixtureRequest) -> Subject:
    return SUBJECTS[request.param]


@pytest.fixture
async def party(sandbox: Sandbox, subject: Subject) -> AsyncIterator[Party]:
    async with open_party(sandbox, subject.system) as party:
        yield party
        assert party.permit.open == 0


async def subscribed(party: Party, subject: Subject, listener: Listener) -> Subscription:
    """As ingest does: register, and where the vendor shakes hands, verify."""
    subscriber = party.connector.subscriber
    ((object_name, event),) = subscriber.wanted([subject.object])
    secret = "" if subject.system == "freshbooks" else "Sandbox0Secret42"
    wanted = Subscription(subject.system, object_name, event, "key", secret=secret)
    registered = await subscriber.register(wanted, f"{listener.url}/hooks/key", party.permit)
    if registered.state == "active":
        return registered
    verdict = party.connector.webhooks.judge(await listener.next(), registered)
    assert verdict.outcome == "handshake"
    return await subscriber.verify(registered, verdict.verifier, party.permit)


async def judged(party: Party, subscription: Subscription, listener: Listener) -> tuple[Delivery, Verdict]:
    delivery = await listener.next()
    return delivery, party.connector.webhooks.judge(delivery, subscription)


async def test_a_persons_edit_arrives_as_a_proven_hint(
    party: Party, subject: Subject, listener: Listener
) -> None:
    record = (await party.admin.state(subject.system, subject.kind))[0]["id"]
    subscription = await subscribed(party, subject, listener)
    await party.admin.act(subject.system, subject.kind, "update", subject.act("Hooked"), record)
    delivery, verdict = await judged(party, subscription, listener)
    assert verdict.outcome == "accepted"
    assert verdict.hints == (Hint(subject.object, record),)
    forged = replace(subscription, secret="Another0Secret42")
    assert party.connector.webhooks.judge(delivery, forged).outcome == "bad_signature"
    changed = replace(delivery, body=delivery.body.replace(record.encode(), b"1"))
    if subject.system != "zoho_crm":  # CRM signs nothing: the secret address and token are its proof
        assert party.connector.webhooks.judge(changed, subscription).outcome == "bad_signature"


async def test_new_and_deleted_records_are_told_too(
    party: Party, subject: Subject, listener: Listener
) -> None:
    subscription = await subscribed(party, subject, listener)
    fields = subject.create("Told", "TL-TOLD")
    record = await party.admin.act(subject.system, subject.kind, "create", fields)
    assert (await judged(party, subscription, listener))[1].hints == (Hint(subject.object, record),)
    await party.admin.act(subject.system, subject.kind, "delete", {}, record)
    assert (await judged(party, subscription, listener))[1].hints == (Hint(subject.object, record),)


async def test_renewing_keeps_one_subscription_alive(
    party: Party, subject: Subject, listener: Listener
) -> None:
    subscription = await subscribed(party, subject, listener)
    address = f"{listener.url}/hooks/key"
    renewed = await party.connector.subscriber.renew(subscription, address, party.permit)
    assert (renewed.external_id, renewed.secret) == (subscription.external_id, subscription.secret)
    assert renewed.state in ("active", "verified")
    record = (await party.admin.state(subject.system, subject.kind))[0]["id"]
    await party.admin.act(subject.system, subject.kind, "update", subject.act("Renewed"), record)
    assert (await judged(party, renewed, listener))[1].hints == (Hint(subject.object, record),)
    rows: list[dict[str, Any]] = await party.admin.call("GET", "/subscriptions")
    mine = [row for row in rows if row["system"] == subject.system and row["uri"] == address]
    assert len({row["event"] for row in mine}) == len(mine)
    assert listener.deliveries.empty()


async def test_a_subscription_the_vendor_lost_is_made_again(
    party: Party, subject: Subject, listener: Listener
) -> None:
    lost = Subscription(
        subject.system, subject.object, "client", "key", "999999", "Sandbox0Secret42", state="active"
    )
    ((_, event),) = party.connector.subscriber.wanted([subject.object])
    address = f"{listener.url}/hooks/again"
    renewed = await party.connector.subscriber.renew(replace(lost, event=event), address, party.permit)
    assert renewed.state in ("active", "registered")
    rows = await party.admin.call("GET", "/subscriptions")
    assert address in [row["uri"] for row in rows]


async def test_an_expiry_is_read_back(sandbox: Sandbox, listener: Listener) -> None:
    async with open_party(sandbox, "zoho_crm") as party:
        subscription = await subscribed(party, SUBJECTS["zoho_crm"], listener)
        (row,) = [
            row
            for row in await party.admin.call("GET", "/subscriptions")
            if row["system"] == "zoho_crm" and row["uri"] == f"{listener.url}/hooks/key"
        ]
        assert subscription.expires_at is not None
        assert abs(row["expires_at"] - subscription.expires_at.timestamp()) < 1
