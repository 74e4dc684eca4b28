"""Connectors: connects an account: from the consent page to a stored grant, for the CLI and the console.

    begin -> (a person reads the page) -> finish: code -> grant -> choose the account -> store

A handshake is answered once, by the address that carries its state, within ten minutes; until everything
is checked nothing is stored. What is refused says why in one word (`ConnectRefused.reason`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from twinledger.connectors.base.access import Auth, Grant
from twinledger.connectors.opening import Opener, PlatformSettings
from twinledger.connectors.shared_records import not_shared
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import transaction
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.ids import new_secret
from twinledger.mapping.definitions import load_shipped
from twinledger.state.budgets import BudgetPermit
from twinledger.state.connections import load_connection, set_connection_state, store_grant

__all__ = ["ConnectRefused", "Handshake", "Reason", "choose_account", "set_up", "store"]

LIFE_S = 600.0
_CLIENT_CODES = frozenset({"invalid_client", "invalid_client_secret", "unauthorized_client"})

Account = Mapping[str, str]
Reason = Literal[
    "no_code",
    "denied",
    "state_mismatch",
    "expired",
    "used",
    "wrong_data_centre",
    "client_refused",
    "code_refused",
    "missing_scope",
    "no_account",
    "which_account",
    "other_account",
    "taken",
    "not_shared",
]


class ConnectRefused(PermanentError):
    """Nothing was stored."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message, error_class="permission", code=reason)
        self.reason: Reason = reason


@dataclass(slots=True)
class Handshake:
    """One consent that was asked for. Its state proves that the answer is to our question."""

    auth: Auth
    scopes: Sequence[str]
    clock: Clock
    state: str = field(default_factory=lambda: new_secret(16).hex(), repr=False)
    verifier: str = field(default_factory=lambda: new_secret(32).hex(), repr=False)
    began_at: float = field(init=False)
    used: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.began_at = self.clock.monotonic()

    @property
    def address(self) -> str:
        """The consent page."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return self.auth.authorize_url(scopes=self.scopes, state=self.state, challenge=challenge)

    async def finish(self, redirected_to: str) -> Grant:
        """The grant behind the address that the vendor sent the person to."""
        given = {name: values[-1] for name, values in parse_qs(urlsplit(redirected_to.strip()).query).items()}
        self._prove(given)
        try:
            grant = await self.auth.exchange(
                given["code"], accounts_server=given.get("accounts-server"), verifier=self.verifier
            )
        except PermanentError as error:
            raise _refused(error) from error
        missing = sorted({*self.scopes} - {*grant.scopes}) if grant.scopes else []
        if missing:
            raise ConnectRefused("missing_scope", f"the grant lacks {', '.join(missing)}")
        return grant

    def _prove(self, given: Mapping[str, str]) -> None:
        if given.get("state") != self.state:
            raise ConnectRefused("state_mismatch", "the answer carries another state than our question")
        if self.used:
            raise ConnectRefused("used", "this consent was answered before")
        self.used = True
        if self.clock.monotonic() - self.began_at > LIFE_S:
            raise ConnectRefused("expired", "the consent page was answered after its ten minutes")
        if "error" in given:
            raise ConnectRefused("denied", f"consent was not given ({given['error']})")
        if not given.get("code"):
            raise ConnectRefused("no_code", "the address carries no code")


async def choose_account(auth: Auth, grant: Grant, wanted: str = "") -> Account:
    """The vendor account that is connected: the only one the grant opens, or the one with the wanted id."""
    accounts = await auth.accounts(grant.access)
    addresses = {"api_domain": grant.access.api_domain, "accounts_server": grant.accounts_server}
    known = {name: value for name, value in addresses.items() if value}
    fitting = [one for one in accounts if not wanted or wanted in _ids(one)]
    if len(fitting) == 1:
        return {**fitting[0], **known}
    listed = ", ".join(f"{one.get('name', '')} ({'/'.join(_ids(one))})" for one in accounts)
    if not fitting:
        raise ConnectRefused(
            "no_account", f"the grant does not open that account; it opens: {listed or 'none'}"
        )
    raise ConnectRefused("which_account", f"the grant opens several accounts: {listed}")


async def store(
    opener: Opener,
    workspace: str,
    platform: str,
    application: PlatformSettings,
    grant: Grant,
    account: Account,
    systems: Sequence[str] = (),
) -> None:
    """Keep the grant, paused until the account is set up. A connection keeps its account for life: another
    account's records would be taken for its own."""
    async with transaction(opener.pool) as connection:
        before = await load_connection(connection, workspace, platform)
        if before is not None and not {*_ids(before.account)} & {*_ids(account)}:
            raise ConnectRefused("other_account", "the grant is for another account than the connection")
        try:
            await store_grant(
                connection,
                opener.sealer,
                workspace=workspace,
                platform=platform,
                account=account,
                access=grant.access.value,
                refresh=grant.refresh_token,
                expires_at=grant.access.expires_at,
                scopes=grant.scopes,
                application=application.to_text(),
                state="paused",
                systems=systems,
            )
        except PermanentError as error:
            raise ConnectRefused("taken", str(error)) from error


async def set_up(opener: Opener, workspace: str, platform: str) -> list[str]:
    """Have the account hold what we need before the first write, then let the stages work; what a person
    must still do."""
    opened = await opener.open(workspace, [platform])
    notes: list[str] = []
    try:
        permits = {
            system: BudgetPermit(opener.pool, workspace, connector.info.budget_group, "live", opener.clock)
            for system, connector in opened.connectors.items()
        }
        for system, connector in opened.connectors.items():
            objects = [name for name in connector.info.objects if name.startswith(f"{system}.")]
            notes += await connector.setup.ensure_reference_fields(objects, permits[system])
        if unlike := await not_shared(opened.connectors, permits, load_shipped()):
            raise ConnectRefused("not_shared", f"the two products do not show it alike: {', '.join(unlike)}")
    finally:
        await opened.aclose()
    async with transaction(opener.pool) as connection:
        await set_connection_state(connection, workspace, platform, "ok")
    return notes


def _ids(account: Account) -> list[str]:
    return [account[name] for name in ("account_id", "business_id", "organization_id") if account.get(name)]


def _refused(error: PermanentError) -> PermanentError:
    if error.field in ("accounts server", "api domain"):
        return ConnectRefused("wrong_data_centre", f"{error}: it is on no list of ours")
    if error.code in _CLIENT_CODES:
        return ConnectRefused("client_refused", "the vendor does not know this client id and secret there")
    if error.error_class == "grant_revoked":
        return ConnectRefused("code_refused", "the vendor takes the code no more, or not for this address")
    return error
