"""Connectors: bearer tokens of one stored connection, renewed by one process at a time.

At 80 % of its life a token is renewed; until its end everybody else goes on with it. The new pair is
committed before its first use. An answer that is lost on the way (a crash, a time-out) leaves its start
mark: the next refresh is a trial with the old token, and a refusal then means reconnect, without a loop.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import NoReturn, Protocol

import asyncpg
import structlog

from twinledger.connectors.base.access import AccessToken, Grant
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool
from twinledger.kernel.errors import OutcomeUnknown, PermanentError, TransientError
from twinledger.kernel.failpoints import failpoint
from twinledger.kernel.metrics import TOKEN_REFRESHES
from twinledger.state.connections import OpenGrant, StoredConnection, open_grant
from twinledger.state.refresh_leases import (
    LEASE_S,
    clear_mark,
    close_token_calls,
    mark_reconnect_needed,
    store_renewed,
    take_refresh_lease,
)
from twinledger.state.sealing import Sealer

__all__ = ["Refresher", "StoredTokens"]

REFRESH_AT = 0.8
CALL_TIMEOUT_S = 10.0
THROTTLED_S = 1800.0
_MARGIN = timedelta(seconds=5)
_LOOK_AGAIN_S = 0.1
_TRY_AGAIN_S = 5.0
_STORE_AGAIN_S = 0.2
_TOKEN_LIMITS = {"zoho": 10}
_NO_LIMIT = 1_000_000

log = structlog.get_logger()


class Refresher(Protocol):
    """The part of `Auth` used here."""

    async def refresh(self, refresh_token: str, *, accounts_server: str | None = None) -> Grant: ...


class StoredTokens:
    """TokenSource over the `connection` table."""

    def __init__(
        self, pool: Pool, workspace: str, platform: str, auth: Refresher, clock: Clock, sealer: Sealer
    ) -> None:
        self._pool = pool
        self._workspace = workspace
        self._platform = platform
        self._auth = auth
        self._clock = clock
        self._sealer = sealer
        self._grant: OpenGrant | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._refused_generation = -1
        self._not_before = 0.0

    async def token(self) -> AccessToken:
        """The stored token; a renewal runs beside its last fifth and is waited for only after its end."""
        grant = self._grant or await self._read()
        now = self._clock.now()
        if now >= grant.about.expires_at - _MARGIN:
            grant = await self._newer_than(grant)
        elif now >= _refresh_at(grant.about) and self._clock.monotonic() >= self._not_before:
            self._not_before = self._clock.monotonic() + _TRY_AGAIN_S
            self._start_refresh(grant)
        return _as_token(grant)

    async def renewed(self, refused: AccessToken) -> AccessToken:
        """A newer token than the refused one: a sibling's if there is one, else by a refresh."""
        grant = await self._read()
        if grant.access == refused.value:
            self._refused_generation = grant.about.generation
            grant = await self._newer_than(grant)
        return _as_token(grant)

    async def aclose(self) -> None:
        """Let a running refresh end: its answer would be lost for ever."""
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=CALL_TIMEOUT_S)

    async def _newer_than(self, old: OpenGrant) -> OpenGrant:
        """Refresh, or watch a sibling do it."""
        deadline = self._clock.monotonic() + LEASE_S + CALL_TIMEOUT_S
        while self._clock.monotonic() < deadline:
            # Carried to its end even if this caller is cancelled: the answer comes only once.
            await asyncio.shield(self._start_refresh(old))
            grant = await self._read()
            if grant.about.generation != old.about.generation:
                return grant
            self._raise_if_hopeless(grant.about)
            await self._clock.sleep(_LOOK_AGAIN_S)
        raise TransientError("the token could not be renewed", error_class="auth_expired")

    def _start_refresh(self, old: OpenGrant) -> asyncio.Task[None]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(old))
            self._refreshing.add_done_callback(_log_failure)
        return self._refreshing

    async def _refresh(self, old: OpenGrant) -> None:
        failpoint("token.mark.before")
        async with self._pool.acquire() as connection:
            limit = _TOKEN_LIMITS.get(self._platform, _NO_LIMIT)
            lease = await take_refresh_lease(connection, old, token_limit=limit)
        failpoint("token.mark.after")
        if lease is None:
            return
        log.info("token_refresh_started", name=self._platform, reason="trial" if lease.trial else "due")
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                server = old.about.account.get("accounts_server")
                grant = await self._auth.refresh(old.refresh, accounts_server=server or None)
        except PermanentError as error:
            await self._refused(old, error)
        except TransientError as error:
            await self._not_now(old, error)
        except (OutcomeUnknown, TimeoutError):
            await self._not_now(
                old, TransientError("no answer to a refresh", error_class="network", sent=True)
            )
        else:
            await self._store(old, grant)
            self._count("ok")

    async def _store(self, old: OpenGrant, grant: Grant) -> None:
        """Commit the pair, trying again while the lease lasts: nobody can ask the vendor for it again."""
        deadline = self._clock.monotonic() + LEASE_S
        while True:
            try:
                failpoint("token.store.before")
                async with self._pool.acquire() as connection:
                    await store_renewed(
                        connection,
                        self._sealer,
                        old,
                        access=grant.access.value,
                        refresh=grant.refresh_token or old.refresh,
                        expires_at=grant.access.expires_at,
                        api_domain=grant.access.api_domain,
                    )
                failpoint("token.store.after")
                self._grant = None
                return
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                if self._clock.monotonic() >= deadline:
                    raise
                await self._clock.sleep(_STORE_AGAIN_S)

    async def _refused(self, old: OpenGrant, error: PermanentError) -> None:
        self._count("rejected")
        if error.error_class != "grant_revoked":
            raise error  # our own fault: says nothing about the grant, whose lease now spaces the tries
        dead = old.about.generation == self._refused_generation
        async with self._pool.acquire() as connection:
            if await mark_reconnect_needed(connection, old, access_is_dead=dead):
                log.warning("connection_needs_reconnect", name=self._platform, workspace=self._workspace)

    async def _not_now(self, old: OpenGrant, error: TransientError) -> NoReturn:
        """A call that may have left keeps its mark and its lease; after that the next one is a trial."""
        self._count("transient")
        async with self._pool.acquire() as connection:
            if error.error_class == "rate_limited":
                await close_token_calls(connection, old, error.retry_after_s or THROTTLED_S)
            elif not error.sent:
                await clear_mark(connection, old)
        raise error

    async def _read(self) -> OpenGrant:
        async with self._pool.acquire() as connection:
            grant = await open_grant(connection, self._sealer, self._workspace, self._platform)
        if grant is None:
            raise PermanentError(f"{self._platform} is not connected", error_class="grant_revoked")
        self._grant = grant
        return grant

    def _raise_if_hopeless(self, about: StoredConnection) -> None:
        if about.state != "ok":
            raise PermanentError(f"{self._platform}: {about.state}", error_class="grant_revoked")
        closed_until = about.token_calls_closed_until
        if closed_until is not None and closed_until > self._clock.now():
            wait_s = (closed_until - self._clock.now()).total_seconds()
            raise TransientError(
                "token calls are throttled", error_class="rate_limited", retry_after_s=wait_s
            )

    def _count(self, outcome: str) -> None:
        TOKEN_REFRESHES.labels(self._platform, outcome).inc()


def _refresh_at(about: StoredConnection) -> datetime:
    return about.stored_at + (about.expires_at - about.stored_at) * REFRESH_AT


def _as_token(grant: OpenGrant) -> AccessToken:
    about = grant.about
    return AccessToken(grant.access, about.expires_at, about.account.get("api_domain", ""))


def _log_failure(task: asyncio.Task[None]) -> None:
    """Callers that wait see the error themselves; a renewal beside the work has only this."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("token_refresh_failed", exc_info=error)
