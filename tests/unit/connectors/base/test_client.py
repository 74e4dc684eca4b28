"""One request: permits, one renewal, deadline, and which failures may have been applied."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.connectors.vendor import FakeVendor, httpx, reply

from twinledger.connectors.base.client import Call, VendorClient
from twinledger.connectors.zoho_platform.finance import FinanceDialect
from twinledger.kernel.errors import PermanentError, TransientError

CALL = Call("GET", "/thing")
WRITE = Call("POST", "/thing", body=b"{}")


def client(vendor: FakeVendor, **options: Any) -> VendorClient:
    url = "http://vendor.test"
    return VendorClient(vendor.http, vendor.tokens, FinanceDialect(), vendor.clock, api_url=url, **options)


async def test_a_read_takes_a_permit_and_gives_it_back() -> None:
    vendor = FakeVendor(reply({"code": 0}))
    assert await client(vendor).read(CALL, vendor.permit) == {"code": 0}
    assert vendor.permit.acquired == 1
    assert vendor.permit.answers == [(False, None)]
    assert vendor.requests[0].headers["authorization"] == "Zoho-oauthtoken token-1"


async def test_a_permit_is_given_back_when_the_request_fails() -> None:
    vendor = FakeVendor(httpx.ConnectError("refused"))
    with pytest.raises(TransientError):
        await client(vendor).read(CALL, vendor.permit)
    assert vendor.permit.answers == [(False, None)]


async def test_the_permit_learns_of_a_429_and_its_wait() -> None:
    vendor = FakeVendor(reply({"code": 43}, 429, {"Retry-After": "3600"}))
    with pytest.raises(TransientError) as caught:
        await client(vendor).read(CALL, vendor.permit)
    assert (caught.value.error_class, caught.value.retry_after_s) == ("rate_limited", 3600)
    assert vendor.permit.answers == [(True, 3600)]


async def test_a_refused_token_is_renewed_once_and_the_read_sent_again_under_a_new_permit() -> None:
    vendor = FakeVendor(reply({"code": 57}, 401), reply({"code": 0}))
    await client(vendor).read(CALL, vendor.permit)
    assert [r.headers["authorization"][-7:] for r in vendor.requests] == ["token-1", "token-2"]
    assert vendor.permit.acquired == 2


async def test_a_fresh_token_refused_is_a_missing_permission() -> None:
    vendor = FakeVendor(reply({"code": 57}, 401), reply({"code": 57}, 401))
    with pytest.raises(PermanentError) as caught:
        await client(vendor).read(CALL, vendor.permit)
    assert caught.value.error_class == "permission"


async def test_a_write_renews_but_leaves_the_resend_to_be_paid_for() -> None:
    vendor = FakeVendor(reply({"code": 57}, 401))
    with pytest.raises(TransientError) as caught:
        await client(vendor).write(WRITE)
    error = caught.value
    assert (error.error_class, error.sent, error.retry_after_s) == ("auth_expired", False, 0)
    assert vendor.tokens.count == 2
    assert vendor.permit.acquired == 0


async def test_a_write_refused_again_with_the_renewed_token_does_not_renew_for_ever() -> None:
    vendor = FakeVendor(reply({"code": 57}, 401), reply({"code": 57}, 401))
    sender = client(vendor)
    with pytest.raises(TransientError):
        await sender.write(WRITE)
    with pytest.raises(PermanentError):
        await sender.write(WRITE)
    assert vendor.tokens.count == 2


async def test_a_renewed_token_that_dies_after_its_life_is_renewed_again() -> None:
    vendor = FakeVendor(reply({"code": 57}, 401), reply({"code": 57}, 401))
    sender = client(vendor)
    with pytest.raises(TransientError):
        await sender.write(WRITE)
    vendor.clock.elapsed_s += 3600
    with pytest.raises(TransientError):
        await sender.write(WRITE)
    assert vendor.tokens.count == 3


async def test_a_lost_token_call_does_not_make_the_write_unknown() -> None:
    vendor = FakeVendor(reply({"code": 57}, 401))
    vendor.tokens.failure = TransientError("time-out", error_class="network", sent=True)
    with pytest.raises(TransientError) as caught:
        await client(vendor).write(WRITE)
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("failure", "sent"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("no answer to SYN"), False),
        (httpx.ReadTimeout("silent"), True),
        (httpx.RemoteProtocolError("closed"), True),
        (httpx.ReadError("reset"), True),
        (httpx.WriteError("reset"), True),
    ],
)
async def test_only_a_request_that_never_left_is_certainly_not_applied(
    failure: Exception, sent: bool
) -> None:
    vendor = FakeVendor(failure)
    with pytest.raises(TransientError) as caught:
        await client(vendor).write(WRITE)
    assert (caught.value.error_class, caught.value.sent) == ("network", sent)


async def test_nothing_leaves_after_its_deadline() -> None:
    vendor = FakeVendor()
    vendor.clock.elapsed_s = 10
    with pytest.raises(TransientError) as caught:
        await client(vendor).write(WRITE, send_by=9.9)
    assert not caught.value.sent
    assert vendor.requests == []


async def test_a_dripping_answer_is_cut_off_by_the_whole_requests_time() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                await asyncio.sleep(0)
                yield b" "

        async def aclose(self) -> None:
            return None

    vendor = FakeVendor(httpx.Response(200, stream=Drip()))
    with pytest.raises(TransientError) as caught:
        await client(vendor, timeout_s=0.05).write(WRITE)
    assert caught.value.sent


async def test_an_api_domain_of_the_token_goes_before_the_configured_address() -> None:
    vendor = FakeVendor(reply({"code": 0}))
    token = await vendor.tokens.token()

    class Placed:
        async def token(self) -> Any:
            return type(token)(token.value, token.expires_at, "http://eu.test")

        async def renewed(self, refused: Any) -> Any:
            raise AssertionError

    sender = VendorClient(vendor.http, Placed(), FinanceDialect(), vendor.clock, api_url="http://us.test")
    await sender.read(CALL, vendor.permit)
    assert str(vendor.requests[0].url) == "http://eu.test/thing"


async def test_plus_signs_in_a_query_are_escaped() -> None:
    vendor = FakeVendor(reply({"code": 0}))
    call = Call("GET", "/thing", [("last_modified_time", "2026-03-05T17:40:02+0000"), ("ids[]", "1")])
    await client(vendor).read(call, vendor.permit)
    assert vendor.requests[0].url.query == b"last_modified_time=2026-03-05T17%3A40%3A02%2B0000&ids%5B%5D=1"
