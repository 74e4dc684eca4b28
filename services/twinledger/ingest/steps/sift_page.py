"""Ingest, polling: what on a page of changes is news.

In: Page, what earlier passes brought    Out: documents to publish, ids to read

A query cursor lies behind the true one, and some vendors filter by whole days: rows come back again
and again. Those that stand unchanged since the last pass, or lie well before the true cursor, are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twinledger.connectors.base.contract import Page, SourceDocument
from twinledger.ingest.steps.build_source_records import digest_of

__all__ = ["Sifted", "Versions", "sift_page"]

_LATE = timedelta(minutes=10)
"""A vendor may show a change that late."""


@dataclass(slots=True)
class Versions:
    """Which version of each record the last pass, and the one under way, brought."""

    before: dict[str, object] = field(default_factory=dict)
    now: dict[str, object] = field(default_factory=dict)

    def is_new(self, external_id: str, version: object) -> bool:
        """False when this version was brought before."""
        return bool(self.now.get(external_id, self.before.get(external_id, self)) != version)

    def remember(self, page: Page) -> None:
        """Called once the news of the page are safe: what was not published must come again."""
        self.now.update((document.external_id, digest_of(document)) for document in page.documents)
        self.now.update(page.ids_to_read)

    def next_pass(self) -> None:
        """Forget what the pass that ends did not list: it lies before the query cursor now."""
        self.before, self.now = self.now, {}


@dataclass(frozen=True, slots=True)
class Sifted:
    """News of one page."""

    documents: Sequence[SourceDocument]
    ids: Sequence[tuple[str, datetime | None]]

    def __len__(self) -> int:
        return len(self.documents) + len(self.ids)

    def changes(self) -> list[tuple[str, datetime]]:
        """Records with the stamp of their change, where the vendor has one."""
        stamped = [(document.external_id, document.updated_at) for document in self.documents]
        return [(one, at) for one, at in [*stamped, *self.ids] if at is not None]


def sift_page(page: Page, versions: Versions, true_cursor: datetime | None) -> Sifted:
    """`true_cursor` is the newest stamp taken in by earlier polls, None on the first walk."""
    oldest = true_cursor - _LATE if true_cursor is not None else None
    documents = [
        document
        for document in page.documents
        if not _is_older(document.updated_at, oldest)
        and versions.is_new(document.external_id, digest_of(document))
    ]
    ids = [
        (external_id, at)
        for external_id, at in page.ids_to_read
        if not _is_older(at, oldest) and versions.is_new(external_id, at)
    ]
    return Sifted(documents, ids)


def _is_older(stamp: datetime | None, than: datetime | None) -> bool:
    return stamp is not None and than is not None and stamp < than
