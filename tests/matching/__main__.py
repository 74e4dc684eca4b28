"""Match proof over the seeds that are named: `python -m tests.matching 21 22 23`."""

from __future__ import annotations

import sys

from tests.matching.desk import Desk, marks_of
from tests.matching.entries import draw_books

from twinledger.mapping.definitions import load_shipped


def main() -> None:
    rule = load_shipped().sync_rules["customer"].scored
    assert rule is not None
    for seed in map(int, sys.argv[1:]):
        book, desk = draw_books(seed, 5_000), Desk(rule)
        desk.take_in([("left", e) for e in book.left] + [("right", e) for e in book.right])
        print(f"seed {seed}: {marks_of(desk, book)}", flush=True)  # noqa: T201 - a proof prints


main()
