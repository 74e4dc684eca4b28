"""CLI: the answer to a mass deletion: pass the held ends on, or only let go of the records.

Either way every record is read once more first: one that is there after all is kept in step as before.
"""

from __future__ import annotations

from typing import Any

from twinledger.cli.failure import CommandError, Exit
from twinledger.kernel.clock import Clock, SystemClock
from twinledger.kernel.database import Connection
from twinledger.kernel.ids import derived_id
from twinledger.road import outbox
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.topics import HINTS, key_of
from twinledger.state.history import close_review
from twinledger.state.records import ExternalKey
from twinledger.state.tombstones import Word, answer_held
from twinledger.state.tracing import review_of

__all__ = ["answer_mass_delete", "hint_to"]


async def answer_mass_delete(
    connection: Connection, workspace: str, number: int, said: str | None
) -> dict[str, Any]:
    """Release or discard everything that is held of the type the question is about."""
    words: dict[str | None, Word] = {"apply": "released", "discard": "discarded"}
    asked = await review_of(connection, workspace, number)
    if asked is None or asked["state"] != "open":
        raise CommandError(f"question {number} is not open", "twinledger review list", Exit.NOT_FOUND)
    if said not in words:
        raise CommandError("pass them on?", f"twinledger review answer {number} --discard", Exit.USAGE)
    keys = await answer_held(connection, workspace, asked["subject"], words[said])
    codec, clock = Codec.from_files(), SystemClock()
    await outbox.append(connection, [hint_to(codec, workspace, key, clock) for key in keys])
    await outbox.call_relay(connection)
    await close_review(connection, number)
    return {"id": number, words[said]: len(keys), "of": asked["subject"]}


def hint_to(codec: Codec, workspace: str, key: ExternalKey, clock: Clock) -> OutRecord:
    """Word to ingest: read this record once more."""
    now = clock.now()
    hint = {"workspace": workspace, "object": key.object, "external_id": key.external_id, "lane": "verify"}
    envelope = Envelope(
        event_id=str(derived_id("answer", workspace, key.text(), now.isoformat())),
        source=key.object,
        type="hint",
        time=now,
        workspace=workspace,
        lane="verify",
        received_at=now,
    )
    return OutRecord(
        HINTS.name,
        key_of(workspace, key.object),
        codec.encode("hint", hint),
        tuple(envelope.to_headers()),
    )
