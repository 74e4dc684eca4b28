"""A grant holds exactly what the manifests compute: with one scope less, some call is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contract.connectors.sandbox import (
    CountingPermit,
    Sandbox,
    Wallet,
    account_of,
    allow,
    api_url,
    oauth_client,
)

from twinledger.connectors import registry
from twinledger.connectors.base.connection import Connection
from twinledger.connectors.base.contract import Connector, NotApplied, Subscription, WriteCall
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.http import new_http_client

UNKNOWN = "999999999"
STATES = {
    "zoho_books.invoice": "sent",
    "zoho_books.sales_order": "open",
    "zoho_inventory.sales_order": "confirmed",
}


def operations(platform: str) -> Iterator[tuple[str, str]]:
    for info in registry.infos().values():
        if info.platform == platform:
            for name, about in info.objects.items():
                yield from ((name, operation) for operation in about["scopes"])


async def is_refused(connector: Connector, name: str, operation: str) -> bool:
    """Try one operation on a record that is not there; only a missing permission counts."""
    permit = CountingPermit()
    try:
        if operation == "read":
            await connector.source.read(name, [UNKNOWN], permit)
            await connector.source.changed_since(name, None, None, permit)
        elif operation == "subscribe":
            ((_, event),) = connector.subscriber.wanted([name])
            subscription = Subscription(name.partition(".")[0], name, event, "k", secret="Sandbox0Secret42")
            await connector.subscriber.register(subscription, "http://127.0.0.1:9/hooks", permit)
            await connector.subscriber.renew(subscription, "http://127.0.0.1:9/hooks", permit)
        else:
            return await write_is_refused(connector, name, operation)
    except PermanentError as error:
        return error.error_class == "permission"
    return False


async def write_is_refused(connector: Connector, name: str, operation: str) -> bool:
    """The first refusal renews the token, the second is final."""
    call = WriteCall("i", name, "create", None, "TL-SCOPES", {})
    if operation != "create":
        body = {"status": STATES.get(name, "active")}
        call = WriteCall("i", name, "update", UNKNOWN, None, body, "state" if operation == "state" else None)
    await connector.sink.write([call])
    (answer,) = await connector.sink.write([call])
    error = answer.error if isinstance(answer, NotApplied) else None
    return isinstance(error, PermanentError) and error.error_class == "permission"


@pytest.mark.control("SEC-01")
@pytest.mark.parametrize("platform", ["freshbooks", "zoho"])
async def test_every_scope_is_needed(sandbox: Sandbox, platform: str) -> None:
    wanted = registry.scopes_for(platform, operations(platform))
    idle = []
    async with new_http_client() as http:
        client = oauth_client(sandbox, platform)
        auth = registry.auth(platform, client, http=http, clock=SystemClock())
        for missing in wanted:
            grant = await allow(http, auth, [scope for scope in wanted if scope != missing])
            tokens = Wallet(Sandbox(sandbox.urls, {platform: grant}), platform, auth)
            connection = Connection("acme", account_of(sandbox, platform), tokens, api_url(sandbox, platform))
            connectors = {
                system: registry.build(system, connection, http=http, clock=SystemClock())
                for system, info in registry.infos().items()
                if info.platform == platform
            }
            if not await some_call_is_refused(connectors, missing):
                idle.append(missing)
    sandbox.grants.pop(platform, None)  # a user has 20 refresh tokens: the oldest are gone by now
    # Always granted, whether asked for or not; and the two that only set-up uses.
    assert set(idle) <= {
        "user:profile:read",
        "ZohoCRM.settings.fields.CREATE",
        "ZohoCRM.settings.fields.READ",
    }


async def some_call_is_refused(connectors: dict[str, Connector], scope: str) -> bool:
    for system, connector in connectors.items():
        for name, about in connector.info.objects.items():
            for operation, scopes in about["scopes"].items():
                if scope in scopes and await is_refused(connectors[system], name, operation):
                    return True
    return False
