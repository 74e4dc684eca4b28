"""FreshBooks: what a plan, a person and a silent receiver change: client limit, merge, disabled callbacks."""

from typing import Any

import pytest
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser


async def _switch(browser: FreshBooksBrowser, **values: Any) -> None:
    wanted = {f"freshbooks.{name}": value for name, value in values.items()}
    status, _ = await browser.admin_call("PUT", "/switches", wanted)
    assert status == 200


async def test_a_client_above_the_plans_limit_is_refused(freshbooks: FreshBooksBrowser) -> None:
    await freshbooks.new_client()
    await _switch(freshbooks, client_limit=2)
    me = await freshbooks.call("GET", f"{freshbooks.urls['api']}/auth/api/v1/users/me")
    permissions = me[1]["response"]["permissions"][freshbooks.urls["account_id"]]
    assert permissions["client.limit"] == 2
    second = await freshbooks.new_client()
    status, answer = await freshbooks.call("POST", "users/clients", {"client": {"organization": "Third"}})
    assert (status, answer["response"]["errors"][0]["errno"]) == (403, 1003)
    await freshbooks.result("PUT", f"users/clients/{second}", {"client": {"vis_state": 1}})
    await freshbooks.new_client()


async def test_a_merge_moves_papers_and_deletes_the_merged_client(freshbooks: FreshBooksBrowser) -> None:
    source, target = await freshbooks.new_client(), await freshbooks.new_client()
    line = {"name": "a", "qty": 1, "unit_cost": {"amount": "10.00"}}
    invoice = {"customerid": source, "create_date": "2026-03-05", "lines": [line]}
    made = await freshbooks.result("POST", "invoices/invoices", {"invoice": invoice})
    number = made["invoice"]["id"]
    payment = {"invoiceid": number, "amount": {"amount": "4.00"}, "date": "2026-03-06"}
    paid = await freshbooks.result("POST", "payments/payments", {"payment": payment})
    act = {"system": "freshbooks", "object": "client", "op": "merge", "id": source}
    status, merged = await freshbooks.admin_call("POST", "/act", act | {"fields": {"into": target}})
    assert (status, merged["id"]) == (200, str(target))
    after = (await freshbooks.result("GET", f"invoices/invoices/{number}"))["invoice"]
    assert (after["customerid"], after["outstanding"]["amount"]) == (target, "6.00")
    moved = await freshbooks.result("GET", f"payments/payments/{paid['payment']['id']}")
    assert moved["payment"]["clientid"] == target
    gone = await freshbooks.result("GET", f"users/clients/{source}")
    assert gone["client"]["vis_state"] == 1
    status, _ = await freshbooks.admin_call("POST", "/act", act | {"fields": {"into": source}})
    assert status == 422


async def test_a_uri_that_only_fails_is_disabled_until_verified_again(
    freshbooks: FreshBooksBrowser,
) -> None:
    await _switch(freshbooks, callback_disabled_after=2, callback_retries=0)
    made = await freshbooks.call(
        "POST", freshbooks.events, {"callback": {"event": "client", "uri": "http://127.0.0.1:9/hook"}}
    )
    number = made[1]["response"]["result"]["callback"]["callbackid"]
    rows = (await freshbooks.admin_call("GET", "/subscriptions"))[1]
    body = {"callback": {"verifier": rows[0]["verifier"]}}
    await freshbooks.call("PUT", f"{freshbooks.events}/{number}", body)
    verified = []
    for _ in range(3):
        await freshbooks.new_client()
        await freshbooks.admin_call("POST", "/webhooks/flush")
        verified.append((await freshbooks.admin_call("GET", "/subscriptions"))[1][0]["verified"])
    assert verified == [True, False, False]
    _, sent = await freshbooks.admin_call("GET", "/deliveries")
    assert [row["event"] for row in sent] == ["callback.verify", "client.create", "client.create"]
    status, again = await freshbooks.call("PUT", f"{freshbooks.events}/{number}", body)
    assert (status, again["response"]["result"]["callback"]["verified"]) == (200, True)


@pytest.mark.parametrize("keeps", [False, True])
async def test_a_refresh_may_keep_the_first_created_at(freshbooks: FreshBooksBrowser, keeps: bool) -> None:
    await _switch(freshbooks, refresh_keeps_created_at=keeps)
    _, first = await freshbooks.token_call(
        {"grant_type": "authorization_code", "code": await freshbooks.consent()}
    )
    await freshbooks.admin_call("POST", "/clock/advance", {"seconds": 3600})
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    _, second = await freshbooks.token_call(again)
    assert second["created_at"] - first["created_at"] == (0 if keeps else 3600)
    assert second["expires_in"] == (43_199 if keeps else 43_200)
    await freshbooks.admin_call("POST", "/clock/advance", {"seconds": 43_200 - 3_600 - 1})
    freshbooks.token = second["access_token"]
    status, _ = await freshbooks.call("GET", "users/clients")
    assert status == (401 if keeps else 200)
