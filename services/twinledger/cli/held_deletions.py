"""CLI: the answer to a mass deletion: pass the held ends on, or only let go of the records.

Either way every record is read once more first: one that is there after all is kept in step as before.
"""

from __future__ import annotations

from twinledger.kernel.clock import Clock
from twinledger.kernel.database import Connection
from twinledger.kernel.ids import derived_id
from twinledger.road import outbox
from twinledger.road.broker import OutRecord
from twinledger.road.codec import Codec
from twinledger.road.envelope import Envelope
from twinledger.road.topics import HINTS, key_of
from twinledger.state.records import ExternalKey
from twinledger.state.tombstones import Word, answer_held

__all__ = ["answer_mass_delete"]


async def answer_mass_delete(
    connection: Connection, workspace: str, entity_type: str, *, apply: bool, clock: Clock
) -> int:
    """Release or discard what is held of a type; how many records that is."""
    word: Word = "released" if apply else "discarded"
    keys = await answer_held(connection, workspace, entity_type, word)
    codec = Codec.from_files()
    await outbox.append(connection, [_hint(codec, workspace, key, clock) for key in keys], notify=True)
    return len(keys)


def _hint(codec: Codec, workspace: str, key: ExternalKey, clock: Clock) -> OutRecord:
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
