"""Ingest, receiving: which subscription an address belongs to, in memory; the table knows the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from twinledger.connectors.base.contract import Subscription
from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Pool, transaction
from twinledger.state.sealing import Sealer
from twinledger.state.subscriptions import StoredSubscription, find_subscription, load_subscriptions

__all__ = ["KnownAddress", "SubscriptionDirectory", "as_subscription"]

_LOOK_UPS_A_SECOND = 20
_HANDSHAKE_WINDOW = timedelta(minutes=10)
_PENDING = frozenset({"wanted", "registered"})


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """A subscription as its connector takes it, and when its handshake was asked for."""

    subscription: Subscription
    asked_at: datetime | None
    workspace: str

    def awaits_handshake(self, now: datetime) -> bool:
        """Only a pending address takes a handshake, and only for ten minutes."""
        pending = self.subscription.state in _PENDING
        return pending and self.asked_at is not None and now - self.asked_at < _HANDSHAKE_WINDOW


class SubscriptionDirectory:
    """Filled at start and by the subscriber; a miss asks the table, a few times a second at most."""

    def __init__(self, pool: Pool, sealer: Sealer, clock: Clock) -> None:
        self._pool = pool
        self._sealer = sealer
        self._clock = clock
        self._known: dict[str, KnownAddress] = {}
        self._second = 0
        self._look_ups = 0

    def put(self, stored: StoredSubscription) -> None:
        self._known[stored.key] = KnownAddress(as_subscription(stored), stored.asked_at, stored.workspace)

    async def load(self, workspace: str) -> None:
        """All of the workspace, replacing what was known of it."""
        async with transaction(self._pool) as connection:
            stored = await load_subscriptions(connection, self._sealer, workspace)
        for key in [key for key, one in self._known.items() if one.workspace == workspace]:
            del self._known[key]
        for one in stored:
            self.put(one)

    async def find(self, system: str, key: str) -> KnownAddress | None:
        """None for an address that is not ours. Keys are random, so a table look-up gives nothing away."""
        found = self._known.get(key)
        if found is None and self._may_look_up():
            async with transaction(self._pool) as connection:
                stored = await find_subscription(connection, self._sealer, key)
            if stored is not None:
                self.put(stored)
                found = self._known[key]
        return found if found is not None and found.subscription.system == system else None

    def earliest_end(self, workspace: str, system: str) -> float:
        """When the workspace's first subscription of a system ends, in epoch seconds: 0 while one is not
        proved, infinity when none ends by itself."""
        known = [
            one.subscription
            for one in self._known.values()
            if one.workspace == workspace and one.subscription.system == system
        ]
        if any(one.state in _PENDING for one in known):
            return 0.0
        return min((one.expires_at.timestamp() for one in known if one.expires_at), default=math.inf)

    def _may_look_up(self) -> bool:
        """A flood of made-up addresses must not become a flood of statements."""
        second = int(self._clock.monotonic())
        if second != self._second:
            self._second, self._look_ups = second, 0
        self._look_ups += 1
        return self._look_ups <= _LOOK_UPS_A_SECOND


def as_subscription(stored: StoredSubscription) -> Subscription:
    """The row as connectors take it."""
    return Subscription(
        stored.system,
        stored.object,
        stored.event,
        stored.key,
        stored.external_id,
        stored.secret,
        stored.state,
        stored.expires_at,
    )
