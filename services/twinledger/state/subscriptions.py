"""State: subscriptions, the addresses vendors deliver webhooks to, with their sealed proofs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

from twinledger.kernel.database import Connection
from twinledger.state.sealing import Place, Sealer

__all__ = [
    "STATES",
    "StoredSubscription",
    "SubscriptionState",
    "count_subscriptions",
    "due_subscriptions",
    "ensure_subscription",
    "find_subscription",
    "load_subscriptions",
    "mark_asked",
    "mark_heard",
    "mark_silent",
    "postpone_subscription",
    "save_subscription",
]

SubscriptionState = Literal["wanted", "registered", "verified", "active", "lapsing", "silent", "disabled"]

STATES: tuple[str, ...] = get_args(SubscriptionState)

_COLUMNS = """key, workspace, system, object, event, external_id, secret, state, address, asked_at,
              expires_at, attempt"""


@dataclass(frozen=True, slots=True)
class StoredSubscription:
    """One row; `secret` is in the clear here and sealed in the table."""

    key: str
    workspace: str
    system: str
    object: str
    event: str
    external_id: str = ""
    secret: str = field(default="", repr=False)
    state: SubscriptionState = "wanted"
    address: str = ""
    asked_at: datetime | None = None
    expires_at: datetime | None = None
    attempt: int = 0


async def ensure_subscription(connection: Connection, sealer: Sealer, wanted: StoredSubscription) -> None:
    """Note that it is wanted; one that is there already keeps its key and its proof."""
    await connection.execute(
        """insert into subscription (key, workspace, system, object, event, secret)
           values ($1, $2, $3, $4, $5, $6) on conflict (workspace, system, object, event) do nothing""",
        wanted.key,
        wanted.workspace,
        wanted.system,
        wanted.object,
        wanted.event,
        await _sealed(connection, sealer, wanted),
    )


async def find_subscription(connection: Connection, sealer: Sealer, key: str) -> StoredSubscription | None:
    """By the random part of its address."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from subscription where key = $1",  # noqa: S608 - fixed columns
        key,
    )
    return None if row is None else await _opened(connection, sealer, row)


async def load_subscriptions(
    connection: Connection, sealer: Sealer, workspace: str
) -> list[StoredSubscription]:
    """All of a workspace."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from subscription where workspace = $1",  # noqa: S608 - fixed columns
        workspace,
    )
    return [await _opened(connection, sealer, row) for row in rows]


async def due_subscriptions(
    connection: Connection, sealer: Sealer, workspace: str, system: str, base_address: str
) -> list[StoredSubscription]:
    """Those whose time to be looked at has come, or that were told an address no longer ours."""
    rows = await connection.fetch(
        f"""select {_COLUMNS} from subscription
             where workspace = $1 and system = $2 and state <> 'disabled'
               and (due_at <= now() or (address <> '' and not starts_with(address, $3)))
             order by object, event""",  # noqa: S608 - fixed columns
        workspace,
        system,
        base_address,
    )
    return [await _opened(connection, sealer, row) for row in rows]


async def mark_asked(connection: Connection, key: str, address: str) -> None:
    """Before the call: the handshake it causes may reach another process than ours."""
    await connection.execute(
        "update subscription set asked_at = clock_timestamp(), address = $2 where key = $1", key, address
    )


async def save_subscription(
    connection: Connection, sealer: Sealer, changed: StoredSubscription, *, due_in_s: float
) -> None:
    """Store what the vendor answered, and when to look again."""
    await connection.execute(
        """update subscription set external_id = $2, secret = $3, state = $4, address = $5, asked_at = $6,
                  expires_at = $7, attempt = 0, due_at = now() + make_interval(secs => $8)
            where key = $1""",
        changed.key,
        changed.external_id,
        await _sealed(connection, sealer, changed),
        changed.state,
        changed.address,
        changed.asked_at,
        changed.expires_at,
        due_in_s,
    )


async def postpone_subscription(connection: Connection, key: str, seconds: float) -> None:
    """The vendor did not take it now; one that ends within a day is about to lapse."""
    await connection.execute(
        """update subscription set attempt = attempt + 1, due_at = now() + make_interval(secs => $2),
                  state = case when expires_at < now() + interval '1 day' then 'lapsing' else state end
            where key = $1""",
        key,
        seconds,
    )


async def mark_silent(connection: Connection, workspace: str, object_name: str) -> bool:
    """Polls find what it does not announce: it is looked at now. True if that was news."""
    status = await connection.execute(
        """update subscription set state = 'silent', due_at = now()
            where workspace = $1 and object = $2 and state in ('verified', 'active')""",
        workspace,
        object_name,
    )
    return bool(status != "UPDATE 0")


async def mark_heard(connection: Connection, workspace: str, object_name: str) -> None:
    """It announces again."""
    await connection.execute(
        "update subscription set state = 'active' where workspace = $1 and object = $2 and state = 'silent'",
        workspace,
        object_name,
    )


async def count_subscriptions(connection: Connection, workspace: str, system: str) -> dict[str, int]:
    """How many of a system are in each state."""
    rows = await connection.fetch(
        "select state, count(*) as n from subscription where workspace = $1 and system = $2 group by state",
        workspace,
        system,
    )
    return {row["state"]: row["n"] for row in rows}


async def _sealed(connection: Connection, sealer: Sealer, row: StoredSubscription) -> bytes:
    return await sealer.seal(connection, row.workspace, _place(row.key), row.secret)


async def _opened(connection: Connection, sealer: Sealer, row: Any) -> StoredSubscription:
    values = dict(row)
    secret = values.pop("secret")
    found = StoredSubscription(**values)
    return replace(found, secret=await sealer.open(connection, found.workspace, _place(found.key), secret))


def _place(key: str) -> Place:
    return Place("subscription", "secret", key)
