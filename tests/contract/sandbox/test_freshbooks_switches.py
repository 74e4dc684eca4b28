"""FreshBooks: what a switch turns over is turned over, and only that."""

import re
from typing import Any

import pytest
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser


async def _switch(browser: FreshBooksBrowser, name: str, value: Any) -> None:
    status, _ = await browser.admin_call("PUT", "/switches", {f"freshbooks.{name}": value})
    assert status == 200


@pytest.mark.parametrize("status", [403, 401])
async def test_scope_status(freshbooks: FreshBooksBrowser, status: int) -> None:
    await _switch(freshbooks, "scope_status", status)
    await freshbooks.connect("user:profile:read")
    answered, body = await freshbooks.call("GET", "users/clients")
    assert (answered, body["response"]["errors"][0]["errno"]) == (status, 1003)


@pytest.mark.parametrize("status", [200, 201])
async def test_business_post_status(freshbooks: FreshBooksBrowser, status: int) -> None:
    await _switch(freshbooks, "business_post_status", status)
    url = f"{freshbooks.urls['api']}/projects/business/{freshbooks.business}/project"
    answered, body = await freshbooks.call("POST", url, {"project": {"title": "Pier"}})
    assert (answered, body["project"]["title"]) == (status, "Pier")


@pytest.mark.parametrize(
    ("form", "pattern"),
    [("iso", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), ("sql", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")],
)
async def test_events_time(freshbooks: FreshBooksBrowser, form: str, pattern: str) -> None:
    await _switch(freshbooks, "events_time", form)
    wanted = {"callback": {"event": "client", "uri": "http://127.0.0.1:9/hook"}}
    _, made = await freshbooks.call("POST", freshbooks.events, wanted)
    assert re.fullmatch(pattern, made["response"]["result"]["callback"]["updated_at"])


@pytest.mark.parametrize(("order", "newest_first"), [("newest", True), ("oldest", False)])
async def test_default_order(freshbooks: FreshBooksBrowser, order: str, newest_first: bool) -> None:
    await _switch(freshbooks, "default_order", order)
    made = [await freshbooks.new_client() for _ in range(3)]
    listed = [each["id"] for each in (await freshbooks.result("GET", "users/clients"))["clients"]]
    assert listed == sorted(made, reverse=newest_first)
    sorted_list = await freshbooks.result("GET", "users/clients?sort=client_id_asc")
    assert [each["id"] for each in sorted_list["clients"]] == made


@pytest.mark.parametrize(("works", "found"), [(True, 0), (False, 1)])
async def test_updated_min_works(freshbooks: FreshBooksBrowser, works: bool, found: int) -> None:
    await _switch(freshbooks, "updated_min_works", works)
    await freshbooks.new_client()
    listed = await freshbooks.result("GET", "users/clients?search%5Bupdated_min%5D=2099-01-01")
    assert listed["total"] == found
