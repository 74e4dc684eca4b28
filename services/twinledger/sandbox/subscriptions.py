"""Sandbox: who wants to be told of what: callbacks, watch channels, workflow webhooks."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Subscription", "Subscriptions"]


@dataclass(slots=True)
class Subscription:
    """`secret` is what signs or marks a delivery: FreshBooks' verifier, Zoho's secret or channel token."""

    id: str
    system: str
    event: str
    uri: str
    secret_kind: str  # verifier | secret | token
    secret: str | None
    verified: bool = True
    expires_at: float | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "system": self.system,
            "event": self.event,
            "uri": self.uri,
            self.secret_kind: self.secret,
            "verified": self.verified,
            "expires_at": self.expires_at,
        }


class Subscriptions:
    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Subscription] = {}
        self._by_system: dict[str, dict[str, Subscription]] = {}

    def put(self, row: Subscription) -> Subscription:
        self._rows[(row.system, row.id)] = row
        self._by_system.setdefault(row.system, {})[row.id] = row
        return row

    def get(self, system: str, subscription_id: str) -> Subscription | None:
        return self._rows.get((system, subscription_id))

    def remove(self, system: str, subscription_id: str) -> bool:
        self._by_system.get(system, {}).pop(subscription_id, None)
        return self._rows.pop((system, subscription_id), None) is not None

    def of(self, system: str) -> list[Subscription]:
        return list(self._by_system.get(system, {}).values())

    def __iter__(self) -> Iterator[Subscription]:
        return iter(list(self._rows.values()))

    def dump(self) -> Any:
        return [asdict(row) for row in self._rows.values()]

    def load(self, state: Any) -> None:
        self._rows.clear()
        self._by_system.clear()
        for row in state:
            self.put(Subscription(**row))
