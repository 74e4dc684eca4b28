"""Ingest: keeps the subscriptions of one system: registers, proves, renews at half life.

A handshake arrives on the webhook route while the registration may still be under way; it is put in a
queue there and proved here by our own authenticated call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from twinledger.connectors.base.contract import CallPermit, Connector, Subscription
from twinledger.ingest.duties import Duties
from twinledger.ingest.pauses import SystemPause
from twinledger.ingest.subscription_directory import SubscriptionDirectory, as_subscription
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.kernel.errors import FatalError, PermanentError, TransientError
from twinledger.kernel.ids import new_secret
from twinledger.kernel.metrics import ERRORS, SUBSCRIPTION_EXPIRY, SUBSCRIPTIONS
from twinledger.state.ingest_leases import Duty
from twinledger.state.sealing import Sealer
from twinledger.state.subscriptions import (
    STATES,
    StoredSubscription,
    count_subscriptions,
    due_subscriptions,
    ensure_subscription,
    find_subscription,
    mark_asked,
    postpone_subscription,
    save_subscription,
)

__all__ = ["Subscribing", "SystemSubscriber"]

_LIST_EVERY_S = 6 * 3600.0
_TRY_AGAIN_S = (1.0, 5.0, 30.0, 120.0, 600.0)
_PROVE_TRIES = 10
_PROVE_AGAIN_S = 0.5
_WAITING_HANDSHAKES = 100

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What the subscribers of all systems share."""

    workspace: str
    pool: Pool
    sealer: Sealer
    directory: SubscriptionDirectory
    duties: Duties
    clock: Clock
    public_url: str
    look_every_s: float
    resend_after_s: float


class SystemSubscriber:
    """One system; calls are made one after the other."""

    def __init__(
        self,
        connector: Connector,
        objects: Sequence[str],
        permit: CallPermit,
        pause: SystemPause,
        shared: Subscribing,
    ) -> None:
        self._system = connector.info.system
        self._subscriber = connector.subscriber
        self._objects = objects
        self._permit = permit
        self._pause = pause
        self._shared = shared
        self._duty = Duty("subscribe", self._system)
        self._base = f"{shared.public_url.rstrip('/')}/hooks/{self._system}/"
        self._handshakes: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_WAITING_HANDSHAKES)
        self._one_call = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()

    def take_handshake(self, key: str, verifier: str) -> bool:
        """From the webhook route; False when too many wait."""
        if self._handshakes.full():
            return False
        self._handshakes.put_nowait((key, verifier))
        return True

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            proving = group.create_task(self._prove_handshakes())
            while not self._stopping.is_set():
                self._woken.clear()
                await self._look()
                await self._wait()
            proving.cancel()

    async def _look(self) -> None:
        if self._pause.wait_s():
            return
        try:
            if not self._shared.duties.holds(self._duty):
                # Another process proves and renews them.
                await self._shared.directory.load(self._shared.workspace)
                return
            for stored in await self._due():
                await self._keep(stored)
            await self._show()
        except FatalError:
            raise
        except Exception as error:  # runs by itself: the polls find what no webhook announces
            log.warning("subscriptions_wait", system=self._system, exc_info=error)

    async def _due(self) -> list[StoredSubscription]:
        shared = self._shared
        async with transaction(shared.pool) as connection:
            for object_name, event in self._subscriber.wanted(self._objects):
                # Zoho proves deliveries by a secret of ours; FreshBooks replaces it by its verifier.
                key, secret = new_secret(16).hex(), new_secret(16).hex()
                wanted = StoredSubscription(
                    key, shared.workspace, self._system, object_name, event, secret=secret
                )
                await ensure_subscription(connection, shared.sealer, wanted)
            return await due_subscriptions(
                connection, shared.sealer, shared.workspace, self._system, self._base
            )

    async def _keep(self, stored: StoredSubscription) -> None:
        """Register what is new, renew or check what is there."""
        async with self._one_call:
            asked = replace(stored, address=self._base + stored.key, asked_at=self._shared.clock.now())
            # The handshake may come before the answer, and to another process.
            self._shared.directory.put(asked)
            async with transaction(self._shared.pool) as connection:
                await mark_asked(connection, asked.key, asked.address)
            try:
                answer = await self._asked(asked)
            except (TransientError, PermanentError) as error:
                await self._postpone(stored, error)
                return
            await self._save(asked, answer)

    async def _asked(self, stored: StoredSubscription) -> Subscription:
        call = self._subscriber.register if stored.state == "wanted" else self._subscriber.renew
        answer = await call(as_subscription(stored), stored.address, self._permit)
        self._pause.answered()
        return answer

    async def _prove_handshakes(self) -> None:
        while True:
            key, verifier = await self._handshakes.get()
            for _ in range(_PROVE_TRIES):
                try:
                    if await self._prove(key, verifier):
                        break
                except FatalError:
                    raise
                except Exception as error:  # left unproved, it is asked for again after `resend_after_s`
                    log.warning("handshake_not_proved", system=self._system, exc_info=error)
                await self._shared.clock.sleep(_PROVE_AGAIN_S)

    async def _prove(self, key: str, verifier: str) -> bool:
        """False while the registration that caused the handshake has no answer yet."""
        async with self._one_call:
            async with transaction(self._shared.pool) as connection:
                stored = await find_subscription(connection, self._shared.sealer, key)
            if stored is None or not stored.external_id:
                return False
            answer = await self._subscriber.verify(as_subscription(stored), verifier, self._permit)
            await self._save(stored, answer)
        return True

    async def _save(self, stored: StoredSubscription, answer: Subscription) -> None:
        kept = answer.state in ("verified", "active")
        changed = replace(
            stored,
            external_id=answer.external_id,
            secret=answer.secret,
            # Only a delivery ends silence: the vendor's word that all is well is what we doubt.
            state="silent" if kept and stored.state == "silent" else answer.state,
            expires_at=answer.expires_at,
        )
        async with transaction(self._shared.pool) as connection:
            await save_subscription(connection, self._shared.sealer, changed, due_in_s=self._due_in_s(answer))
        self._shared.directory.put(changed)
        log.info("subscription_kept", system=self._system, object=stored.object, state=answer.state)

    async def _show(self) -> None:
        """What an alert looks at."""
        shared = self._shared
        end = shared.directory.earliest_end(shared.workspace, self._system)
        SUBSCRIPTION_EXPIRY.labels(shared.workspace, self._system).set(end)
        async with transaction(shared.pool) as connection:
            counts = await count_subscriptions(connection, shared.workspace, self._system)
        for state in STATES:
            SUBSCRIPTIONS.labels(shared.workspace, self._system, state).set(counts.get(state, 0))

    def _due_in_s(self, answer: Subscription) -> float:
        if answer.state == "registered":
            return self._shared.resend_after_s
        if answer.expires_at is None:
            return _LIST_EVERY_S
        life_s = (answer.expires_at - self._shared.clock.now()).total_seconds()
        return min(max(life_s / 2, 1.0), _LIST_EVERY_S)

    async def _postpone(self, stored: StoredSubscription, error: TransientError | PermanentError) -> None:
        ERRORS.labels(self._system, error.error_class).inc()
        log.warning("subscription_failed", system=self._system, object=stored.object, exc_info=error)
        if isinstance(error, TransientError):
            self._pause.failed(error)
        elif self._pause.refused(error):
            return
        wait_s = _TRY_AGAIN_S[min(stored.attempt, len(_TRY_AGAIN_S) - 1)]
        async with transaction(self._shared.pool) as connection:
            await postpone_subscription(connection, stored.key, wait_s)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._shared.look_every_s):
                await self._woken.wait()
        except TimeoutError:
            return
