"""Enrich on PostgreSQL: two books of known truth over the real pipeline, in turns of both sides."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import Enrich
from tests.matching.entries import Entry, draw_books

OBJECTS = {"left": "freshbooks.client", "right": "zoho_books.contact"}
BATCH = 50


async def test_books_of_known_truth_are_matched_as_they_should(enrich: Enrich) -> None:
    book = draw_books(5, 300)
    entries = {
        f"{OBJECTS[side]}/{entry.external_id}": entry
        for pair in zip(book.left, book.right, strict=True)
        for side, entry in zip(("left", "right"), pair, strict=True)
    }
    names = list(entries)
    for start in range(0, len(names), BATCH):
        await read(enrich, entries, names[start : start + BATCH])
    for _ in range(5):  # who was asked about is read again, as ingest would
        again = [row["name"] for row in await enrich.rows(
            "select object || '/' || external_id as name from unresolved order by 1"
        )]  # fmt: skip
        await read(enrich, entries, again)
    linked, wrong = await links(enrich, entries)
    both = {e.truth for e in book.left} & {e.truth for e in book.right}
    asked = await asked_rightly(enrich, entries)
    recall = len(both & (linked | asked)) / len(both)
    print(f"over the road: {len(linked)} linked, {wrong} wrong, recall with review {recall:.2%}")  # noqa: T201
    assert wrong == 0 and len(linked) > 100
    assert recall >= 0.97
    doubles = await enrich.rows(
        """select entity_id from crosswalk where status = 'active' group by entity_id, object
           having count(*) > 1"""
    )
    assert doubles == []


async def read(enrich: Enrich, entries: dict[str, Entry], names: list[str]) -> None:
    records = []
    for name in names:
        object_name, _, external_id = name.partition("/")
        records.append(enrich.record(object_name, external_id, dict(entries[name].fields)))
    if records:
        await enrich.feed(*records)


async def links(enrich: Enrich, entries: dict[str, Entry]) -> tuple[set[int], int]:
    """Customers linked across both sides, and how many entities mix two customers."""
    rows = await enrich.rows(
        """select array_agg(object || '/' || external_id) as records from crosswalk
            where status = 'active' group by entity_id having count(*) > 1"""
    )
    truths = [{entries[name].truth for name in row["records"]} for row in rows]
    return {next(iter(t)) for t in truths if len(t) == 1}, sum(len(t) > 1 for t in truths)


async def asked_rightly(enrich: Enrich, entries: dict[str, Entry]) -> set[int]:
    """Customers about whom the question names their own other record."""
    found: set[int] = set()
    rows: list[dict[str, Any]] = await enrich.rows(
        "select subject, evidence from review_item where kind = 'match' and state = 'open'"
    )
    for row in rows:
        truth = entries[row["subject"]].truth
        named = [name for each in row["evidence"]["candidates"] for name in each["records"]]
        if truth in {entries[name].truth for name in named}:
            found.add(truth)
    return found
