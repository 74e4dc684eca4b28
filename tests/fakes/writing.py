"""Lets the loader settle planned writes as a vendor answered them, without a vendor or a worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson
from tests.fakes.feeding import Enrich

from twinledger.connectors.base.contract import Applied, WriteAnswer, WriteCall
from twinledger.kernel.clock import SystemClock
from twinledger.loader.steps.build_calls import Built
from twinledger.loader.steps.feed_back import FeedBack
from twinledger.loader.steps.settle import Answered, Settler
from twinledger.road.codec import Codec
from twinledger.road.dead_letters import DeadLetterOffice
from twinledger.state.intents import INTENT_COLUMNS, intent_of
from twinledger.state.records import Intent

__all__ = ["applied", "send"]


async def send(enrich: Enrich, object_name: str) -> Intent:
    """The planned write of an object leaves: SENDING."""
    row = await enrich.pool.fetchrow(
        f"""update intent set state = 'sending', expected = patch, attempt = attempt + 1, sent_at = now()
             where object = $1 and state = 'planned' returning {INTENT_COLUMNS}""",
        object_name,
    )
    assert row is not None, f"nothing is planned for {object_name}"
    return intent_of(row)


async def applied(
    enrich: Enrich,
    intent: Intent,
    external_id: str,
    *,
    ended_at: datetime,
    stamp: datetime | None = None,
) -> None:
    """The vendor's answer arrives and is settled."""
    clock = SystemClock()
    office = DeadLetterOffice(group="loader", stage="loader", release="test", clock=clock)
    settler = Settler(FeedBack(Codec.from_files(), clock, office), frozenset())
    call = WriteCall(str(intent.id), intent.target.object, intent.op, external_id, intent.reference, {})
    answer: WriteAnswer = Applied(external_id, ended_at, orjson.dumps({"id": external_id}), stamp)
    answered: Sequence[Answered] = [Answered(Built(intent, call, intent.patch), answer)]
    async with enrich.pool.acquire() as connection, connection.transaction():
        await settler.settle(connection, answered, clock.now())
