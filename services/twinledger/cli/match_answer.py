"""CLI: the answer to who a record is: `review answer ID --link ENTITY|OBJECT/ID`, `--new`, `--ignore`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.held_deletions import hint_to
from twinledger.cli.place import who_asks
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Connection
from twinledger.road import outbox
from twinledger.road.codec import Codec
from twinledger.road.parking import wake
from twinledger.state.match_answers import MatchAnswer, answer_match
from twinledger.state.records import ExternalKey

__all__ = ["answer_identity"]


async def answer_identity(
    connection: Connection,
    workspace: str,
    number: int,
    *,
    link: str | None,
    new: bool,
    ignore: bool,
    reason: str | None,
    shown: frozenset[str] | None = None,
) -> dict[str, Any]:
    """One of the three, with a reason; what is read again flows as if it had just been seen. `shown`: the
    candidates that the answer is about."""
    words = [w for w, given in (("link", link is not None), ("new", new), ("ignore", ignore)) if given]
    if len(words) != 1:
        raise CommandError("--link, --new or --ignore?", f"twinledger review show {number}", Exit.USAGE)
    if not reason:
        raise CommandError("why? the audit keeps it", f"{_again(number, words[0])} --reason ...", Exit.USAGE)
    clock, codec = SystemClock(), Codec.from_files()
    said = MatchAnswer(words[0], _named(link, number), who_asks(), reason, clock.now(), shown)
    entity, again = await answer_match(connection, workspace, number, said)
    await wake(connection, [again[0].text()])
    await outbox.append(connection, [hint_to(codec, workspace, key, clock) for key in again])
    await outbox.call_relay(connection)
    return {
        "id": number,
        "record": again[0].text(),
        "answer": said.word,
        "entity": entity,
        "read_again": [key.text() for key in again],
    }


def _again(number: int, word: str) -> str:
    return f"twinledger review answer {number} --{word}" + (" ENTITY" if word == "link" else "")


def _named(link: str | None, number: int) -> UUID | ExternalKey | None:
    if link is None:
        return None
    object_name, slash, external_id = link.partition("/")
    if slash:
        return ExternalKey(object_name, external_id)
    try:
        return UUID(link)
    except ValueError:
        raise CommandError(
            f"{link!r} is neither an entity nor OBJECT/ID", f"twinledger review show {number}", Exit.USAGE
        ) from None
