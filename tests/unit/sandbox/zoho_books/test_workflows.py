"""Signature and delivery of workflow webhooks."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from tests.unit.sandbox.zoho_desk import Desk

from twinledger.sandbox.zoho_books.workflows import events_of, signature, signed_text

SECRET = "Sandbox0Secret42"
BODY = b'{"invoice":{"invoice_id":"7001000000012001","status":"paid"}}'
PAIRS = [("tenant", "t1"), ("event", "invoice.updated")]


def test_the_sheets_test_vector() -> None:
    assert signed_text(PAIRS, BODY) == b"eventinvoice.updatedtenantt1" + BODY
    assert signature(SECRET, PAIRS, BODY) == "gICzepbtUiiOodFyXziv+cZ8o5B+hjC3bSd/+QFsfGE="
    assert signature(SECRET, PAIRS, BODY, "hex") == (
        "8080b37a96ed52288ea1d1725f38aff9c67ca3907e8630b76d277ff9016c7c61"
    )


def test_events_are_read_in_many_spellings() -> None:
    assert events_of(["created", "invoice.updated"]) == {"created", "edited"}
    assert events_of("created_or_edited,deleted") == {"created", "edited", "deleted"}
    assert events_of(None) == set()


class _Hook:
    """Remembers what was posted."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((str(request.url), dict(request.headers), await request.read()))
        return web.Response()


async def _listening(hook: _Hook) -> tuple[web.AppRunner, str]:
    application = web.Application()
    application.router.add_post("/hook", hook.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/hook?tenant=t1"


async def _webhook(desk: Desk, url: str, **fields: object) -> str:
    body = {"webhook_name": "hook", "entity": "contact", "url": url, "secret": SECRET, **fields}
    answer = await desk.ok("POST", "/settings/webhooks", body)
    assert "secret" not in answer["webhook"]
    return str(answer["webhook"]["webhook_id"])


async def test_a_created_contact_arrives_signed(desk: Desk) -> None:
    hook = _Hook()
    runner, url = await _listening(hook)
    parameters = [{"param_name": "event", "param_value": "contact.created"}]
    await _webhook(desk, url, events=["created"], query_parameters=parameters)
    contact_id = await desk.customer()
    await desk.ok("POST", f"/contacts/{contact_id}/inactive")
    await desk.admin_call("POST", "/webhooks/flush")
    await runner.cleanup()
    [(called, headers, body)] = hook.calls
    pairs = parse_qsl(urlsplit(called).query)
    assert sorted(pairs) == [("event", "contact.created"), ("tenant", "t1")]
    assert headers["X-Zoho-Webhook-Signature"] == signature(SECRET, pairs, body)
    assert body.startswith(b'{"contact":{"contact_id":"' + contact_id.encode())


async def test_a_rule_fires_a_webhook_until_it_is_switched_off(desk: Desk) -> None:
    hook = _Hook()
    runner, url = await _listening(hook)
    webhook_id = await _webhook(desk, url)
    rule = {"workflow_name": "r", "entity": "contact", "trigger": "deleted", "webhook_ids": [webhook_id]}
    answer = await desk.ok("POST", "/settings/workflows", rule)
    for _ in range(2):
        contact_id = await desk.customer()
        await desk.ok("DELETE", f"/contacts/{contact_id}")
        await desk.ok("POST", f"/settings/workflows/{answer['workflow']['workflow_id']}/inactive")
    await desk.admin_call("POST", "/webhooks/flush")
    await runner.cleanup()
    assert len(hook.calls) == 1


@pytest.mark.parametrize(("switch", "value"), [("api_writes_fire", False), ("webhook_events_fire", False)])
async def test_switches_keep_webhooks_still(desk: Desk, switch: str, value: bool) -> None:
    await desk.switch(f"zoho_books.{switch}", value)
    await _webhook(desk, "http://127.0.0.1:9/hook", events=["created"])
    await desk.customer()
    assert (await desk.admin_call("GET", "/deliveries"))[1] == []


async def test_a_short_secret_is_refused_and_a_removed_webhook_unsubscribes(desk: Desk) -> None:
    wrong = {"webhook_name": "h", "entity": "item", "url": "http://x.example", "secret": "short"}
    assert (await desk.call("POST", "/settings/webhooks", wrong))[0] == 400
    webhook_id = await _webhook(desk, "http://x.example/hook", events=["created", "edited"])
    assert len((await desk.admin_call("GET", "/subscriptions"))[1]) == 2
    await desk.ok("DELETE", f"/settings/webhooks/{webhook_id}")
    assert (await desk.admin_call("GET", "/subscriptions"))[1] == []
