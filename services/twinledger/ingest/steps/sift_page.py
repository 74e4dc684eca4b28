"""Ingest, polling: what on a page of changes is news.

In: Page, what earlier passes brought    Out: documents to publish, ids to read

A query cursor lies behind the true one, and some vendors filter by whole days: rows come back again
and again. Those that stand unchanged since the last pass, or lie well before the true cursor, are dropped.
Stamps have whole seconds, by a clock that is not ours: a stamp listed for the first time does not tell the
record's last state, listed again seconds later it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from twinledger.connectors.base.contract import Page, SourceDocument
from twinledger.ingest.steps.build_source_records import digest_of
from twinledger.ingest.vendor_clock import MOST_BEHIND, SECOND_IS_OVER

__all__ = ["Sifted", "Versions", "sift_page"]

_LATE = timedelta(minutes=10)
"""A vendor may show a change that late."""


@dataclass(slots=True)
class Versions:
    """Which version of each record the last pass, and the one under way, brought."""

    before: dict[str, object] = field(default_factory=dict)
    now: dict[str, object] = field(default_factory=dict)
    listed_before: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Stamps of ids, each with the time of the first list that showed it."""
    listed_now: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def is_new(self, external_id: str, version: object) -> bool:
        """False when this version was brought before."""
        return bool(self.now.get(external_id, self.before.get(external_id, self)) != version)

    def remember(self, page: Page, listed_at: datetime) -> None:
        """Called once the news of the page are safe: what was not published must come again."""
        self.now.update((document.external_id, digest_of(document)) for document in page.documents)
        self.now.update((one, at) for one, at in page.ids_to_read if self._is_settled(one, at, listed_at))

    def first_told(self, news: Sifted) -> int:
        """How many of these no list has shown before; asked before they are remembered. The others are looked
        at again since their stamps are young: no reason for one more pass."""
        ids = sum(at is None or self._listed(one, at) is None for one, at in news.ids)
        return len(news.documents) + ids

    def next_pass(self) -> None:
        """Forget what the pass that ends did not list: it lies before the query cursor now."""
        self.before, self.now = self.now, {}
        self.listed_before, self.listed_now = self.listed_now, {}

    def _listed(self, external_id: str, stamp: datetime) -> datetime | None:
        """Since when lists show this stamp."""
        told = self.listed_now.get(external_id) or self.listed_before.get(external_id)
        return told[1] if told is not None and told[0] == stamp else None

    def _is_settled(self, external_id: str, stamp: datetime | None, listed_at: datetime) -> bool:
        """No later change can hide behind this stamp."""
        if stamp is None or listed_at >= stamp + SECOND_IS_OVER + MOST_BEHIND:
            return True
        since = self._listed(external_id, stamp) or listed_at
        self.listed_now[external_id] = (stamp, since)
        return listed_at >= since + SECOND_IS_OVER


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
