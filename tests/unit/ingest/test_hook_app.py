"""The webhook route: what is durable is answered 200, everything else has a clear answer of its own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from tests.fakes.broker import MemoryBroker
from tests.fakes.clock import START, FakeClock
from tests.unit.ingest.asgi import call

from twinledger.connectors.base.contract import Subscription, Verdict
from twinledger.connectors.freshbooks.webhook import FreshBooksWebhooks
from twinledger.connectors.zoho_crm.webhook import CrmWebhooks
from twinledger.ingest.hint_log import HintLog
from twinledger.ingest.hook_app import MAX_DISCARDED_BYTES, HookApp
from twinledger.ingest.subscription_directory import KnownAddress
from twinledger.kernel.errors import TransientError
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.topics import HINTS

KEY = "0f" * 16
VERIFIER = "hK3pQm7Zr2VxTn9WbYcD4sLfGj8aEuRi"
PATH = f"/hooks/freshbooks/{KEY}"
FORM = {
    "name": "invoice.update",
    "object_id": "480211",
    "account_id": "Qx7LmP",
    "business_id": "551207",
    "identity_id": "90314",
    "user_id": "1",
}


class FakeAddresses:
    """Addresses in memory; `away` is a database that does not answer."""

    def __init__(self) -> None:
        self.known: dict[str, KnownAddress] = {}
        self.away = False

    async def find(self, system: str, key: str) -> KnownAddress | None:
        if self.away:
            raise TransientError("the database is away", error_class="network")
        found = self.known.get(key)
        return found if found is not None and found.subscription.system == system else None

    def add(self, system: str, object_name: str, event: str, **more: Any) -> None:
        asked_at = more.pop("asked_at", None)
        subscription = Subscription(system, object_name, event, KEY, **more)
        self.known[KEY] = KnownAddress(subscription, asked_at, "default")


class Hooks:
    """The app with everything around it in memory."""

    def __init__(self) -> None:
        self.addresses = FakeAddresses()
        self.addresses.add("freshbooks", "freshbooks.invoice", "invoice", secret=VERIFIER, state="verified")
        self.broker = MemoryBroker()
        self.clock = FakeClock()
        self.codec = Codec.from_files()
        self.handshakes: list[tuple[str, str]] = []
        self.hints = HintLog(self.broker, self.codec, timeout_s=0.05)
        self.app = HookApp(
            addresses=self.addresses,
            hints=self.hints,
            clock=self.clock,
        )
        self.app.open(
            "default",
            {"freshbooks": FreshBooksWebhooks(), "zoho_crm": CrmWebhooks()},
            {"freshbooks": self.take},
        )

    def take(self, key: str, verifier: str) -> bool:
        self.handshakes.append((key, verifier))
        return len(self.handshakes) < 3

    def hinted(self) -> list[dict[str, Any]]:
        return [self.codec.decode(record.value)[1] for record in self.broker.log[HINTS.name]]


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


def signed(form: dict[str, str], verifier: str = VERIFIER) -> tuple[bytes, dict[str, str]]:
    body = urlencode(form).encode()
    message = json.dumps(dict(parse_qsl(body.decode()))).encode()
    mac = base64.b64encode(hmac.digest(verifier.encode(), message, hashlib.sha256)).decode()
    return body, {"x-freshbooks-hmac-sha256": mac}


async def test_a_genuine_delivery_becomes_one_durable_hint(hooks: Hooks) -> None:
    body, headers = signed(FORM)
    answer = await call(hooks.app, PATH, body, headers=headers)
    assert (answer.status, answer.body) == (200, b"")
    assert hooks.hinted() == [
        {
            "workspace": "default",
            "object": "freshbooks.invoice",
            "external_id": "480211",
            "more_ids": [],
            "since": None,
            "lane": "live",
        }
    ]
    (record,) = hooks.broker.log[HINTS.name]
    envelope = Envelope.from_headers(record.headers)
    assert record.key == b"default\x1ffreshbooks.invoice"
    assert envelope.received_at == START


async def test_the_vendors_own_test_vector_is_accepted(hooks: Hooks) -> None:
    headers = {"x-freshbooks-hmac-sha256": "bRWK9eYnv2f8L0dBg+bb6mwK8s8uZ04+M2eK1Yo0EkM="}
    body = b"name=invoice.update&object_id=480211&account_id=Qx7LmP&business_id=551207&identity_id=90314"
    assert (await call(hooks.app, PATH, body + b"&user_id=1", headers=headers)).status == 200


@pytest.mark.control("SEC-06")
async def test_a_forged_delivery_is_refused_and_leaves_no_hint(hooks: Hooks) -> None:
    body, _ = signed(FORM)
    _, others = signed(FORM, "another verifier")
    answer = await call(hooks.app, PATH, body, headers=others)
    assert (answer.status, answer.body) == (401, b"")
    assert (await call(hooks.app, PATH, body)).status == 401
    _, headers = signed(FORM)
    changed = body.replace(b"480211", b"480212")
    assert (await call(hooks.app, PATH, changed, headers=headers)).status == 401
    assert hooks.hinted() == []


async def test_an_undecodable_delivery_is_refused(hooks: Hooks) -> None:
    assert (await call(hooks.app, PATH, b"name=\xff\xfe")).status == 400
    hooks.addresses.add("zoho_crm", "zoho_crm.contact", "Contacts.all", secret="t" * 32, state="active")
    json_type = {"content-type": "application/json"}
    answer = await call(hooks.app, f"/hooks/zoho_crm/{KEY}", b"{not json", headers=json_type)
    assert answer.status == 400
    assert hooks.hinted() == []


@pytest.mark.parametrize(
    "path", ["/", "/hooks/", "/hooks/freshbooks", "/hooks/freshbooks/", f"/hooks/freshbooks/{'a' * 32}"]
)
async def test_other_addresses_are_unknown(hooks: Hooks, path: str) -> None:
    body, headers = signed(FORM)
    assert (await call(hooks.app, path, body, headers=headers)).status == 404


@pytest.mark.parametrize("system", ["quickbooks", "zoho_crm", "..", "freshbooks%2F"])
async def test_an_unknown_system_is_unknown(hooks: Hooks, system: str) -> None:
    body, headers = signed(FORM)
    assert (await call(hooks.app, f"/hooks/{system}/{KEY}", body, headers=headers)).status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_only_post_is_taken(hooks: Hooks, method: str) -> None:
    answer = await call(hooks.app, PATH, method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""]
)
async def test_other_content_types_are_refused(hooks: Hooks, content_type: str) -> None:
    body, headers = signed(FORM)
    answer = await call(hooks.app, PATH, body, headers={**headers, "content-type": content_type})
    assert answer.status == 415


async def test_a_content_type_with_a_charset_is_taken(hooks: Hooks) -> None:
    body, headers = signed(FORM)
    headers["content-type"] = "application/x-www-form-urlencoded; charset=utf-8"
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_a_10_mb_body_is_dropped_and_its_sender_hears_413(hooks: Hooks, declared: bool) -> None:
    answer = await call(hooks.app, PATH, b"x" * (10 * 1024 * 1024), declare_length=declared)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert answer.chunks_read == 10 * 1024 * 1024 // 65536
    assert hooks.hinted() == []


async def test_dropping_ends_at_its_bound(hooks: Hooks) -> None:
    answer = await call(hooks.app, PATH, b"x" * (MAX_DISCARDED_BYTES + 10 * 65536))
    assert answer.status == 413
    assert answer.chunks_read <= MAX_DISCARDED_BYTES // 65536 + 1


@pytest.mark.control("SEC-07")
async def test_a_replayed_delivery_is_only_one_more_hint(hooks: Hooks) -> None:
    body, headers = signed(FORM)
    answers = [await call(hooks.app, PATH, body, headers=headers) for _ in range(20)]
    assert {answer.status for answer in answers} == {200}
    assert {hint["external_id"] for hint in hooks.hinted()} == {"480211"}


async def test_a_genuine_delivery_about_something_else_is_taken_and_dropped(hooks: Hooks) -> None:
    body, headers = signed(FORM | {"name": "estimate.update"})
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 200
    assert hooks.hinted() == []


async def test_a_broker_that_does_not_answer_means_come_again(hooks: Hooks) -> None:
    class Silent:
        async def send_batch(self, records: list[OutRecord]) -> None:
            await asyncio.Event().wait()

    hooks.app._hints = HintLog(Silent(), hooks.codec, timeout_s=0.01)  # type: ignore[arg-type]
    body, headers = signed(FORM)
    answer = await call(hooks.app, PATH, body, headers=headers)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_a_broker_that_refuses_means_come_again(hooks: Hooks) -> None:
    hooks.broker.refused_sends = 1
    body, headers = signed(FORM)
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 503
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 200


async def test_a_database_that_is_away_means_come_again(hooks: Hooks) -> None:
    hooks.addresses.away = True
    body, headers = signed(FORM)
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 503


async def test_before_the_systems_are_open_everybody_comes_again(hooks: Hooks) -> None:
    hooks.app.close("default")
    body, headers = signed(FORM)
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 503


async def test_each_delivery_is_of_the_workspace_its_address_belongs_to(hooks: Hooks) -> None:
    body, headers = signed(FORM)
    hooks.addresses.known[KEY] = replace(hooks.addresses.known[KEY], workspace="other")
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 503  # not served here now
    hooks.app.open("other", {"freshbooks": FreshBooksWebhooks()}, {})
    assert (await call(hooks.app, PATH, body, headers=headers)).status == 200
    assert [hint["workspace"] for hint in hooks.hinted()] == ["other"]


HANDSHAKE = urlencode({"name": "callback.verify", "object_id": "2044", "verifier": "fresh"}).encode()


async def test_a_handshake_is_taken_on_a_pending_address(hooks: Hooks) -> None:
    hooks.addresses.add("freshbooks", "freshbooks.invoice", "invoice", state="wanted", asked_at=START)
    assert (await call(hooks.app, PATH, HANDSHAKE)).status == 200
    assert hooks.handshakes == [(KEY, "fresh")]


async def test_a_handshake_on_a_proved_address_changes_nothing(hooks: Hooks) -> None:
    assert (await call(hooks.app, PATH, HANDSHAKE)).status == 200
    assert hooks.handshakes == []


async def test_a_handshake_after_ten_minutes_is_refused(hooks: Hooks) -> None:
    early = START - timedelta(minutes=10, seconds=1)
    hooks.addresses.add("freshbooks", "freshbooks.invoice", "invoice", state="registered", asked_at=early)
    assert (await call(hooks.app, PATH, HANDSHAKE)).status == 401
    assert hooks.handshakes == []


async def test_too_many_handshakes_come_again(hooks: Hooks) -> None:
    hooks.addresses.add("freshbooks", "freshbooks.invoice", "invoice", state="wanted", asked_at=START)
    statuses = [(await call(hooks.app, PATH, HANDSHAKE)).status for _ in range(3)]
    assert statuses == [200, 200, 503]


async def test_many_ids_of_one_delivery_share_a_record(hooks: Hooks) -> None:
    class Judge:
        def judge(self, delivery: Any, subscription: Subscription) -> Verdict:
            return CrmWebhooks().judge(delivery, subscription)

    hooks.app.open("default", {"zoho_crm": Judge()}, {})
    hooks.addresses.add("zoho_crm", "zoho_crm.contact", "Contacts.all", secret="t" * 32, external_id="77")
    delivery = {"module": "Contacts", "ids": ["41", "42"], "token": "t" * 32, "channel_id": "77"}
    answer = await call(
        hooks.app,
        f"/hooks/zoho_crm/{KEY}",
        json.dumps(delivery).encode(),
        headers={"content-type": "application/json"},
    )
    assert answer.status == 200
    assert [(hint["external_id"], hint["more_ids"]) for hint in hooks.hinted()] == [("41", ["42"])]
