"""FreshBooks callbacks of the sandbox: handshake, signature, events, delivery faults. Sheet 6."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser

from twinledger.sandbox.freshbooks.callbacks import sign


class Receiver:
    """What an integrator's server saw: (fields in order, signature)."""

    def __init__(self) -> None:
        self.seen: list[tuple[list[tuple[str, str]], str | None]] = []
        self.uri = ""
        self.statuses: list[int] = []  # what to answer next, before 200
        self._came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        fields = parse_qsl(await request.text(), keep_blank_values=True)
        self.seen.append((fields, request.headers.get("X-FreshBooks-Hmac-SHA256")))
        self._came.set()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    def names(self) -> list[str]:
        return [dict(fields)["name"] for fields, _ in self.seen]

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.seen) < count:
                self._came.clear()
                await self._came.wait()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.uri = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def _subscribe(browser: FreshBooksBrowser, receiver: Receiver, event: str) -> tuple[int, str]:
    """Registers, takes the verifier from the handshake, sends it back."""
    before = len(receiver.seen)
    _, made = await browser.call("POST", browser.events, {"callback": {"event": event, "uri": receiver.uri}})
    await receiver.wait(before + 1)
    fields = dict(receiver.seen[-1][0])
    number = made["response"]["result"]["callback"]["callbackid"]
    assert (fields["name"], fields["object_id"]) == ("callback.verify", str(number))
    body: dict[str, Any] = {"callback": {"verifier": fields["verifier"]}}
    status, verified = await browser.call("PUT", f"{browser.events}/{number}", body)
    assert (status, verified["response"]["result"]["callback"]["verified"]) == (200, True)
    return number, fields["verifier"]


def test_the_signature_of_the_sheets_vector() -> None:
    pairs = [("name", "invoice.update"), ("object_id", "480211"), ("account_id", "Qx7LmP")]
    pairs += [("business_id", "551207"), ("identity_id", "90314"), ("user_id", "1")]
    assert sign("hK3pQm7Zr2VxTn9WbYcD4sLfGj8aEuRi", pairs) == "bRWK9eYnv2f8L0dBg+bb6mwK8s8uZ04+M2eK1Yo0EkM="


async def test_events_flow_after_the_handshake_and_are_signed(
    freshbooks: FreshBooksBrowser, receiver: Receiver
) -> None:
    await freshbooks.new_client()
    _, verifier = await _subscribe(freshbooks, receiver, "client")
    client = await freshbooks.new_client()
    await freshbooks.call("PUT", f"users/clients/{client}", {"client": {"vis_state": 1}})
    await receiver.wait(3)
    fields, signature = receiver.seen[1]
    assert dict(fields)["object_id"] == str(client)
    assert signature == sign(verifier, fields)
    assert sorted(receiver.names()[1:]) == ["client.create", "client.delete"]


async def test_a_payment_also_moves_the_invoice(freshbooks: FreshBooksBrowser, receiver: Receiver) -> None:
    client = await freshbooks.new_client()
    line = {"name": "a", "qty": 1, "unit_cost": {"amount": "10.00"}}
    invoice = {"customerid": client, "create_date": "2026-03-05", "lines": [line]}
    made = await freshbooks.result("POST", "invoices/invoices", {"invoice": invoice})
    await _subscribe(freshbooks, receiver, "payment")
    await _subscribe(freshbooks, receiver, "invoice.update")
    payment = {"invoiceid": made["invoice"]["id"], "amount": {"amount": "10.00"}, "date": "2026-03-06"}
    await freshbooks.result("POST", "payments/payments", {"payment": payment})
    await receiver.wait(4)
    assert sorted(receiver.names()[2:]) == ["invoice.update", "payment.create"]


async def test_loss_duplicates_and_flush(freshbooks: FreshBooksBrowser, receiver: Receiver) -> None:
    await _subscribe(freshbooks, receiver, "client")
    await freshbooks.admin_call("PUT", "/webhooks", {"duplicate": 2, "delay_s": 3600})
    await freshbooks.new_client()
    assert len(receiver.seen) == 1
    _, flushed = await freshbooks.admin_call("POST", "/webhooks/flush")
    assert (flushed["acknowledged"], len(receiver.seen)) == (3, 4)
    await freshbooks.admin_call("PUT", "/webhooks", {"duplicate": 0, "delay_s": 0, "loss": 1})
    await freshbooks.new_client()
    _, rows = await freshbooks.admin_call("GET", "/deliveries")
    assert rows[-1]["outcome"] == "lost"


async def test_reordering_is_seeded_and_loses_nothing(
    freshbooks: FreshBooksBrowser, receiver: Receiver
) -> None:
    await _subscribe(freshbooks, receiver, "client")
    await freshbooks.admin_call("PUT", "/webhooks", {"reorder": 20, "seed": 7})
    made = [str(await freshbooks.new_client()) for _ in range(8)]
    await freshbooks.admin_call("POST", "/webhooks/flush")
    came = [dict(fields)["object_id"] for fields, _ in receiver.seen[1:]]
    assert sorted(came) == made
    assert came != made


async def test_a_refused_delivery_is_tried_again(freshbooks: FreshBooksBrowser, receiver: Receiver) -> None:
    await _subscribe(freshbooks, receiver, "client")
    receiver.statuses = [302, 500]
    await freshbooks.new_client()
    await receiver.wait(2)
    await freshbooks.admin_call("POST", "/webhooks/flush")
    _, rows = await freshbooks.admin_call("GET", "/deliveries")
    assert [(row["outcome"], row["status"], row["attempt"]) for row in rows[1:]] == [
        ("refused", 302, 1),
        ("refused", 500, 2),
        ("acknowledged", 200, 3),
    ]


async def test_wrong_code_wrong_event_and_missing_scope(
    freshbooks: FreshBooksBrowser, receiver: Receiver
) -> None:
    _, made = await freshbooks.call(
        "POST", freshbooks.events, {"callback": {"event": "tax", "uri": receiver.uri}}
    )
    number = made["response"]["result"]["callback"]["callbackid"]
    status, body = await freshbooks.call(
        "PUT", f"{freshbooks.events}/{number}", {"callback": {"verifier": "x"}}
    )
    assert (status, body["errno"]) == (422, 422)
    status, body = await freshbooks.call(
        "POST", freshbooks.events, {"callback": {"event": "moon", "uri": "x"}}
    )
    assert status == 422
    assert body["details"] == [
        "event: Value error, Unrecognized event.",
        "uri: Input should be a valid URL, relative URL without a base",
    ]
    await freshbooks.connect("user:clients:read")
    status, _ = await freshbooks.call(
        "POST", freshbooks.events, {"callback": {"event": "tax", "uri": receiver.uri}}
    )
    assert status == 403


async def test_subscriptions_show_what_a_forger_lacks(
    freshbooks: FreshBooksBrowser, receiver: Receiver
) -> None:
    _, verifier = await _subscribe(freshbooks, receiver, "client")
    _, rows = await freshbooks.admin_call("GET", "/subscriptions")
    assert [(row["system"], row["event"], row["verifier"], row["verified"]) for row in rows] == [
        ("freshbooks", "client", verifier, True)
    ]
