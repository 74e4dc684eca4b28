"""CLI: `twinledger review answer`: what a person says to a question of the merge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.held_deletions import answer_mass_delete
from twinledger.cli.match_answer import answer_identity
from twinledger.cli.match_answers import Many, answer_many
from twinledger.cli.output import Form, FormOption, print_record
from twinledger.cli.place import DirectoryOption, WorkspaceOption, settled, who_asks
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import Connection
from twinledger.state.answers import answer_conflict, end_quarantine
from twinledger.state.history import note_answer
from twinledger.state.tombstones import QUESTION as MASS_DELETE
from twinledger.state.tracing import review_of

__all__ = ["ANSWERS", "LARGEST_ID", "answer"]

LARGEST_ID = 2**63 - 1
"""PostgreSQL numbers questions so far."""
Answer = Callable[[Connection, str, int, str | None], Awaitable[dict[str, Any]]]


def answer(
    number: Annotated[
        int | None, typer.Argument(metavar="ID", min=1, max=LARGEST_ID, show_default=False)
    ] = None,
    choose: Annotated[str | None, typer.Option(help="Of a conflict: the object whose value holds.")] = None,
    apply: Annotated[
        bool | None,
        typer.Option("--apply/--discard", help="Of a mass deletion: pass it on, or let go of the records."),
    ] = None,
    link: Annotated[
        str | None,
        typer.Option(help="Of a match: this entity, or the one of this OBJECT/ID; with --all: likeliest."),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Of a match: it is nobody we know.")] = False,
    ignore: Annotated[bool, typer.Option("--ignore", help="Of a match: it is none of ours.")] = False,
    done: Annotated[bool, typer.Option("--done", help="Of any other: a person has seen to it.")] = False,
    reason: Annotated[str | None, typer.Option(help="Of a match, and with --done: is kept.")] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="Every open match question that fits.")] = False,
    why: Annotated[str | None, typer.Option(help="With --all: asked for this reason.")] = None,
    entity: Annotated[str | None, typer.Option(help="With --all: of this kind: customer, item.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --all: how many.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: do not ask.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    """Answer a question. A conflict: whose value holds. An oscillation: write the field again. Held
    deletions: pass them on or not. A match: who the record is."""
    if all_of_them and number is None:
        many = Many(workspace, link, new, ignore, reason, why, entity)
        answer_many(many, directory, output, dry_run=dry_run, yes=yes, may_ask=not no_input)
        return
    if all_of_them or number is None:
        raise CommandError("one question by its ID, or --all", "twinledger review list", Exit.USAGE)
    word = choose if apply is None else "apply" if apply else "discard"
    said = _Said(word, link, new, ignore, done, reason)
    print_record(asyncio.run(settled(directory, partial(_one, workspace, number, said))), output)


@dataclass(frozen=True, slots=True)
class _Said:
    word: str | None
    link: str | None
    new: bool
    ignore: bool
    done: bool
    reason: str | None


async def _one(workspace: str, number: int, said: _Said, connection: Connection) -> dict[str, Any]:
    asked = await review_of(connection, workspace, number)
    if asked is None:
        raise CommandError(f"no question {number}", "twinledger review list", Exit.NOT_FOUND)
    if asked["kind"] == "match":
        words: dict[str, Any] = {"link": said.link, "new": said.new, "ignore": said.ignore}
        return await answer_identity(connection, workspace, number, **words, reason=said.reason)
    if asked["kind"] in ANSWERS:
        return await ANSWERS[asked["kind"]](connection, workspace, number, said.word)
    return await _seen_to(connection, number, asked, said.reason if said.done else None)


async def _seen_to(
    connection: Connection, number: int, asked: dict[str, Any], reason: str | None
) -> dict[str, Any]:
    """Nothing follows from the answer: what was to be done is done in the ledgers."""
    again = f"twinledger review answer {number} --done --reason TEXT"
    if not reason:
        what = asked["evidence"].get("try", f"twinledger review show {number}")
        raise CommandError(f"a {asked['kind']} is seen to in the ledgers: {what}", again, Exit.USAGE)
    said = {"word": "done", "by": who_asks(), "reason": reason, "at": SystemClock().now().isoformat()}
    if not await note_answer(connection, number, said):
        raise CommandError(f"question {number} is not open", "twinledger review list", Exit.NOT_FOUND)
    return {"id": number, "kind": asked["kind"], "answer": "done"}


async def _conflict(
    connection: Connection, workspace: str, number: int, choose: str | None
) -> dict[str, Any]:
    if choose is None:
        raise CommandError("whose value holds?", f"twinledger review show {number}", Exit.USAGE)
    old, new = await answer_conflict(connection, workspace, number, choose, SystemClock().now())
    return {"id": number, "chosen": choose, "was": old, "is": new}


async def _oscillation(
    connection: Connection, workspace: str, number: int, choose: str | None
) -> dict[str, Any]:
    if choose is not None:
        raise CommandError(
            "an oscillation has no sides to choose", f"twinledger review answer {number}", Exit.USAGE
        )
    await end_quarantine(connection, workspace, number, SystemClock().now())
    return {"id": number, "written_again": True}


ANSWERS: Mapping[str, Answer] = {
    "conflict": _conflict,
    "oscillation": _oscillation,
    MASS_DELETE: answer_mass_delete,
}
"""How each kind is answered."""
