"""FreshBooks callbacks: register, verify, and what a lapsed or missing one needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.contract import Subscription
from twinledger.kernel.errors import PermanentError

WANTED = Subscription("freshbooks", "freshbooks.client", "client", "key")
REGISTERED = replace(WANTED, external_id="2044", state="registered")
ADDRESS = "https://sync.example/hooks/freshbooks/key"
CALLBACKS = "/events/account/Qx7LmP/events/callbacks"


def callback(*, verified: bool, uri: str = ADDRESS) -> httpx.Response:
    body: dict[str, Any] = {"callbackid": 2044, "event": "client", "uri": uri, "verified": verified}
    return reply({"response": {"result": {"callback": body}}})


def test_one_noun_brings_all_its_verbs() -> None:
    subscriber = FakeVendor().connector("freshbooks").subscriber
    wanted = subscriber.wanted(["freshbooks.client", "freshbooks.tax"])
    assert wanted == [("freshbooks.client", "client"), ("freshbooks.tax", "tax")]


async def test_register_then_verify() -> None:
    vendor = FakeVendor(callback(verified=False), callback(verified=True))
    subscriber = vendor.connector("freshbooks").subscriber
    registered = await subscriber.register(WANTED, ADDRESS, vendor.permit)
    assert (registered.external_id, registered.state) == ("2044", "registered")
    assert vendor.sent() == {"callback": {"event": "client", "uri": ADDRESS}}
    verified = await subscriber.verify(registered, "code", vendor.permit)
    assert (verified.secret, verified.state) == ("code", "verified")
    assert vendor.lines() == [f"POST {CALLBACKS}", f"PUT {CALLBACKS}/2044"]
    assert vendor.sent() == {"callback": {"verifier": "code"}}


async def test_a_verifier_that_is_not_taken_proves_nothing() -> None:
    vendor = FakeVendor(callback(verified=False))
    with pytest.raises(PermanentError):
        await vendor.connector("freshbooks").subscriber.verify(REGISTERED, "wrong", vendor.permit)


async def test_renew_leaves_a_verified_callback_alone() -> None:
    vendor = FakeVendor(callback(verified=True))
    active = replace(REGISTERED, secret="code", state="active")
    renewed = await vendor.connector("freshbooks").subscriber.renew(active, ADDRESS, vendor.permit)
    assert (renewed.secret, renewed.state) == ("code", "verified")
    assert vendor.lines() == [f"GET {CALLBACKS}/2044"]


@pytest.mark.parametrize(("verified", "secret"), [(False, "code"), (True, "")])
async def test_renew_asks_for_the_handshake_again(verified: bool, secret: str) -> None:
    vendor = FakeVendor(callback(verified=verified), callback(verified=False))
    known = replace(REGISTERED, secret=secret)
    renewed = await vendor.connector("freshbooks").subscriber.renew(known, ADDRESS, vendor.permit)
    assert renewed.state == "registered"
    assert vendor.sent() == {"callback": {"resend": True}}


async def test_renew_registers_what_the_vendor_lost() -> None:
    vendor = FakeVendor(reply({"errno": 404, "message": "x"}, 404), callback(verified=False))
    renewed = await vendor.connector("freshbooks").subscriber.renew(REGISTERED, ADDRESS, vendor.permit)
    assert renewed.state == "registered"
    assert vendor.lines()[1] == f"POST {CALLBACKS}"


async def test_renew_moves_a_callback_to_a_new_address() -> None:
    vendor = FakeVendor(callback(verified=True, uri="https://old.example"), callback(verified=True))
    active = replace(REGISTERED, secret="code", state="active")
    await vendor.connector("freshbooks").subscriber.renew(active, ADDRESS, vendor.permit)
    assert vendor.sent() == {"callback": {"event": "client", "uri": ADDRESS}}


async def test_renew_of_what_was_never_registered_registers() -> None:
    vendor = FakeVendor(callback(verified=False))
    await vendor.connector("freshbooks").subscriber.renew(WANTED, ADDRESS, vendor.permit)
    assert vendor.lines() == [f"POST {CALLBACKS}"]
