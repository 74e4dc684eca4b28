"""The core around a handler: token, scope, limits, faults, ledger."""

import asyncio

import aiohttp
import pytest
from tests.unit.sandbox.conftest import Harness


async def test_a_call_leaves_an_effect_and_a_request_in_the_ledger(harness: Harness) -> None:
    status, body = await harness.call("POST", f"{harness.shop}/contacts", json={"contact_name": "Harbor"})
    assert status == 201
    _, lines = await harness.call("GET", f"{harness.admin}/ledger")
    touched = [{"object": "contact", "id": body["contact"]["contact_id"], "op": "create"}]
    assert [(line["kind"], line["objects"], line["status"]) for line in lines] == [
        ("effect", touched, None),
        ("request", touched, 201),
    ]
    assert [line["seq"] for line in lines] == [1, 2]


async def test_wrong_token_wrong_scope_and_unknown_paths_are_the_vendors_answers(harness: Harness) -> None:
    assert (await harness.call("GET", f"{harness.shop}/contacts", token=False))[0] == 401
    assert (await harness.call("GET", f"{harness.shop}/contacts/1"))[0] == 403
    assert (await harness.call("GET", f"{harness.shop}/nothing"))[0] == 404
    assert (await harness.call("DELETE", f"{harness.shop}/contacts"))[0] == 405


async def test_a_crash_of_a_handler_is_a_plain_500(harness: Harness) -> None:
    status, body = await harness.call("GET", f"{harness.shop}/crash")
    assert status == 500
    assert "Traceback" not in str(body)


async def test_minute_limit_opens_again_when_the_window_has_passed(harness: Harness) -> None:
    await harness.call("PUT", f"{harness.admin}/limits", json={"system": "shop", "minute": 2})
    answers = [(await harness.call("GET", f"{harness.shop}/contacts"))[0] for _ in range(3)]
    assert answers == [200, 200, 429]
    await harness.call("POST", f"{harness.admin}/clock/advance", json={"seconds": 60})
    assert (await harness.call("GET", f"{harness.shop}/contacts"))[0] == 200


async def _script(harness: Harness, fault: str, method: str = "POST") -> None:
    match = {"method": method, "path": "/shop/v1/contacts"}
    status, _ = await harness.call(
        "POST", f"{harness.admin}/faults", json={"system": "shop", "match": match, "fault": fault}
    )
    assert status == 201


@pytest.mark.parametrize(
    ("fault", "status", "applied"), [("status_before:503", 503, 0), ("status_after:502", 502, 1)]
)
async def test_a_status_fault_strikes_before_or_after_the_write(
    harness: Harness, fault: str, status: int, applied: int
) -> None:
    await _script(harness, fault)
    answered, _ = await harness.call("POST", f"{harness.shop}/contacts", json={"contact_name": "Harbor"})
    assert (answered, len(harness.world.tables["shop.contact"])) == (status, applied)
    assert (await harness.call("POST", f"{harness.shop}/contacts", json={"contact_name": "Pier"}))[0] == 201


@pytest.mark.parametrize("fault", ["reset_mid_body", "timeout_after"])
async def test_a_cut_connection_leaves_the_write_applied(harness: Harness, fault: str) -> None:
    await _script(harness, fault)
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        async with asyncio.timeout(0.5):
            await harness.call("POST", f"{harness.shop}/contacts", json={"contact_name": "Harbor"})
    assert len(harness.world.tables["shop.contact"]) == 1
    _, lines = await harness.call("GET", f"{harness.admin}/ledger?kind=request")
    assert (lines[-1]["fault"], lines[-1]["status"], len(lines[-1]["objects"])) == (fault, None, 1)


async def test_lag_hides_a_fresh_record_from_lists_until_it_has_passed(harness: Harness) -> None:
    await _script(harness, "lag:30")
    await harness.call("POST", f"{harness.shop}/contacts", json={"contact_name": "Harbor"})
    assert (await harness.call("GET", f"{harness.shop}/contacts"))[1]["total"] == 0
    harness.world.clock.advance(31)
    assert (await harness.call("GET", f"{harness.shop}/contacts"))[1]["total"] == 1


async def test_revoke_kills_the_grant_of_the_call(harness: Harness) -> None:
    await _script(harness, "revoke", "GET")
    assert (await harness.call("GET", f"{harness.shop}/contacts"))[0] == 401
    assert (await harness.call("GET", f"{harness.shop}/contacts"))[0] == 401


async def test_truncated_and_html_answers_keep_their_status(harness: Harness) -> None:
    for fault in ("truncate", "html"):
        await _script(harness, fault, "GET")
        async with harness.session.get(f"{harness.shop}/contacts", headers=harness.auth) as answer:
            text = await answer.text()
        assert answer.status == 200
        assert not text.endswith("}")


async def test_a_drip_takes_as_long_as_its_bytes(harness: Harness) -> None:
    await _script(harness, "drip:10", "GET")
    began = harness.world.clock.now()
    call = asyncio.ensure_future(harness.call("GET", f"{harness.shop}/contacts"))
    async with asyncio.timeout(5):
        while not call.done():
            harness.world.clock.advance(0.1)
            await asyncio.sleep(0)
    assert call.result() == (200, {"contacts": [], "total": 0})
    assert harness.world.clock.now() - began >= len('{"contacts":[],"total":0}') / 10 - 0.2


async def test_an_act_is_a_change_without_limits(harness: Harness) -> None:
    await harness.call("PUT", f"{harness.admin}/limits", json={"system": "shop", "minute": 0})
    wanted = {"system": "shop", "object": "contact", "op": "create", "fields": {"contact_name": "Harbor"}}
    status, body = await harness.call("POST", f"{harness.admin}/act", json=wanted)
    assert (status, body["record"]["contact_name"]) == (200, "Harbor")
    refused, reason = await harness.call("POST", f"{harness.admin}/act", json=wanted | {"fields": {}})
    assert (refused, reason["error"]) == (422, "contact_name is missing")
    _, rows = await harness.call("GET", f"{harness.admin}/state?system=shop&object=contact")
    assert [row["id"] for row in rows] == [body["id"]]


async def test_10_mb_is_refused_and_the_next_call_works(harness: Harness) -> None:
    async with harness.session.post(
        f"{harness.shop}/contacts", data=b"x" * (11 * 1024 * 1024), headers=harness.auth
    ) as answer:
        assert answer.status == 413
    assert (await harness.call("GET", f"{harness.shop}/contacts"))[0] == 200
