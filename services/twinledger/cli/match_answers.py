"""CLI: one answer to many match questions: `review answer --all --new|--ignore|--link likeliest`, by filter.

How many it would be is said first, and asked about. Each is answered as it would be singly; what changed
meanwhile is refused singly and named, the others are answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.match_answer import answer_identity
from twinledger.cli.output import Form, print_record, say
from twinledger.cli.place import connected, settled
from twinledger.kernel.database import Connection
from twinledger.kernel.errors import PermanentError
from twinledger.state.match_buckets import bucket_rows

__all__ = ["LIKELIEST", "Many", "answer_many"]

LIKELIEST = "likeliest"
"""In the place of an entity: the only candidate."""
_AT_MOST = 10_000
_AT_ONCE = 100
"""A transaction: while it runs, enrich matches nobody of that kind."""
_TOLD = 10
_LIST = "twinledger sync match --bucket review"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Many:
    """The word for all of them, and which they are."""

    workspace: str
    link: str | None
    new: bool
    ignore: bool
    reason: str | None
    why: str | None = None
    entity: str | None = None

    def check(self) -> None:
        again = "twinledger review answer --all --new|--ignore|--link likeliest --reason TEXT"
        if [self.link is not None, self.new, self.ignore].count(True) != 1:
            raise CommandError("--new, --ignore or --link likeliest?", again, Exit.USAGE)
        if self.link not in (None, LIKELIEST):
            raise CommandError("many records are not one entity", again, Exit.USAGE)
        if not self.reason:
            raise CommandError("why? the audit keeps it", again, Exit.USAGE)

    def fits(self, row: Row) -> bool:
        """A link needs one candidate whose place is free: of several a person looks at each."""
        if self.why not in (None, row["why"]):
            return False
        return self.link is None or (row["why"] == "perhaps_the_same" and len(row["candidates"]) == 1)


def answer_many(
    many: Many, directory: Path, output: Form, *, dry_run: bool, yes: bool, may_ask: bool
) -> None:
    """Count, ask, answer."""
    many.check()
    rows = asyncio.run(_questions(many, directory))
    word = "new" if many.new else "ignore" if many.ignore else f"link {LIKELIEST}"
    if dry_run:
        shown = [{name: row[name] for name in ("id", "entity", "record", "why")} for row in rows[:_TOLD]]
        print_record({"answer": word, "questions": len(rows), "first": shown}, output)
        return
    _confirm(len(rows), word, yes=yes, may_ask=may_ask)
    answered, refused = asyncio.run(_answered(many, rows, directory))
    print_record({"answer": word, "answered": answered, "refused": len(refused)}, output)
    for row, why in refused[:_TOLD]:
        say(f"{row['id']} {row['record']}: {why}")
    if refused:
        say(f"try: {_LIST}")
        raise typer.Exit(Exit.PARTLY_DONE)


def _confirm(count: int, word: str, *, yes: bool, may_ask: bool) -> None:
    if not count:
        raise CommandError(
            "no open match question fits", "twinledger sync match --bucket review", Exit.NOT_FOUND
        )
    if yes:
        return
    if not may_ask:
        raise CommandError(
            f"{count} answers must be confirmed", "the same with --yes, or --dry-run", Exit.USAGE
        )
    if not typer.confirm(f"answer {count} questions with {word}?", err=True):
        raise CommandError("nothing was answered", "the same with --dry-run shows them")


async def _questions(many: Many, directory: Path) -> list[Row]:
    async with connected(directory) as connection:
        rows = await bucket_rows(connection, many.workspace, "review", many.entity, _AT_MOST)
    return [row for row in rows if many.fits(row)]


async def _answered(many: Many, rows: Sequence[Row], directory: Path) -> tuple[int, list[tuple[Row, str]]]:
    refused: list[tuple[Row, str]] = []
    for some in _batches(rows):
        refused += await settled(directory, partial(_refused, many, some))
    return len(rows) - len(refused), refused


async def _refused(many: Many, rows: Sequence[Row], connection: Connection) -> list[tuple[Row, str]]:
    """Answers them; returns those that are no more as they were shown, and why."""
    refused = []
    for row in rows:
        shown = [candidate["entity"] for candidate in row["candidates"] or ()]
        try:
            async with connection.transaction():  # a savepoint: one that is refused stops no other
                await answer_identity(
                    connection,
                    many.workspace,
                    row["id"],
                    link=shown[0] if many.link else None,
                    new=many.new,
                    ignore=many.ignore,
                    reason=many.reason,
                    shown=frozenset(shown),
                )
        except PermanentError as error:
            refused.append((row, str(error)))
    return refused


def _batches(rows: Iterable[Row]) -> Iterable[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        yield some
