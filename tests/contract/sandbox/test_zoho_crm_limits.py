"""Zoho CRM limits of the sandbox: credits, their cost per call, calls in flight, and the 429."""

import asyncio
from typing import Any

import pytest
from tests.contract.sandbox.zoho_browser import ZohoBrowser

QUERY = "select Last_Name from Contacts where id > 0 limit 0, {}"


async def _spent(zoho: ZohoBrowser, method: str, path: str, body: Any = None) -> int:
    credits = zoho.sandbox.world.limiters["zoho_crm"].credits
    before = credits.spent
    await zoho.call(method, path, body)
    return credits.spent - before


@pytest.mark.parametrize(
    ("method", "path", "body", "cost"),
    [
        ("GET", "/Contacts?fields=Email", None, 1),
        ("POST", "/Contacts", {"data": [{"Last_Name": "x"}] * 10}, 1),
        ("POST", "/Contacts/upsert", {"data": [{"Last_Name": "x"}] * 11}, 2),
        ("PUT", "/Contacts", {"data": [{"id": "1"}] * 100}, 10),
        ("POST", "/coql", {"select_query": QUERY.format(200)}, 1),
        ("POST", "/coql", {"select_query": QUERY.format(1000)}, 2),
        ("POST", "/coql", {"select_query": QUERY.format(2000)}, 3),
        ("POST", "/Leads/1/actions/convert", {"data": [{}]}, 5),
    ],
)
async def test_what_a_call_costs(zoho: ZohoBrowser, method: str, path: str, body: Any, cost: int) -> None:
    assert await _spent(zoho, method, path, body) == cost


async def test_spent_credits_are_a_429_without_hints_until_a_day_has_passed(zoho: ZohoBrowser) -> None:
    await zoho.admin_call("PUT", "/limits", {"system": "zoho_crm", "credits": 2})
    answers = [await zoho.call("GET", "/Contacts?fields=Email") for _ in range(3)]
    assert [status for status, _ in answers] == [204, 204, 429]
    assert (answers[2][1]["code"], answers[2][1]["details"]) == ("TOO_MANY_REQUESTS", {})
    await zoho.advance(86_401)
    await zoho.connect()
    assert (await zoho.call("GET", "/Contacts?fields=Email"))[0] == 204


async def test_the_credits_left_are_told_from_half_on(zoho: ZohoBrowser) -> None:
    await zoho.admin_call("PUT", "/limits", {"system": "zoho_crm", "credits": 4})
    headers = {"Authorization": f"Zoho-oauthtoken {zoho.token}"}
    told = []
    for _ in range(3):
        async with zoho.session.get(f"{zoho.urls['api_domain']}/crm/v8/org", headers=headers) as answer:
            told.append(answer.headers.get("X-API-CREDITS-REMAINING"))
    assert told == [None, "2", "1"]


async def _at_once(zoho: ZohoBrowser, count: int, method: str, path: str, body: Any = None) -> list[int]:
    """So many calls in flight together: the clock stands still until all have arrived."""
    limiter = zoho.sandbox.world.limiters["zoho_crm"]
    await zoho.admin_call("PUT", "/limits", {"system": "zoho_crm", "latency_s": 1})
    calls = [asyncio.ensure_future(zoho.call(method, path, body)) for _ in range(count)]
    async with asyncio.timeout(10):
        while limiter.running < count:  # noqa: ASYNC110 - the sandbox has no event for it
            await asyncio.sleep(0.01)
    await zoho.advance(1)
    return sorted([(await each)[0] for each in calls])


async def test_more_calls_in_flight_than_allowed_are_refused(zoho: ZohoBrowser) -> None:
    await zoho.admin_call("PUT", "/limits", {"system": "zoho_crm", "in_flight": 3})
    statuses = await _at_once(zoho, 5, "GET", "/org")
    assert statuses.count(429) >= 1
    assert statuses.count(200) >= 3


async def test_heavy_calls_share_a_pool_of_ten(zoho: ZohoBrowser) -> None:
    query = {"select_query": QUERY.format(1)}
    assert 429 not in await _at_once(zoho, 10, "POST", "/coql", query)
    assert 429 in await _at_once(zoho, 11, "POST", "/coql", query)
    assert 429 not in await _at_once(zoho, 11, "GET", "/org")


async def test_the_catalogue_tells_costs_and_scopes(zoho: ZohoBrowser) -> None:
    rows = {row["path"]: row["operation_types"] for row in (await zoho.call("GET", "/__apis"))[1]["__apis"]}
    (coql,) = rows["/crm/v8/coql"]
    assert coql == {"method": "POST", "oauth_scope": "ZohoCRM.coql.READ", "max_credits": 3, "min_credits": 1}
