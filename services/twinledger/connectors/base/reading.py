"""Connectors: what the sources share: documents out of records."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from twinledger.connectors.base.contract import SourceDocument
from twinledger.connectors.base.wire import encode
from twinledger.kernel.errors import PermanentError

__all__ = ["document_of", "gone_document", "newest", "unless_gone"]

T = TypeVar("T")


def document_of(
    object_name: str,
    external_id: object,
    record: Mapping[str, Any],
    *,
    read_started_at: datetime,
    updated_at: datetime | None,
) -> SourceDocument:
    """The record as the vendor sent it, alone."""
    return SourceDocument(
        object_name, str(external_id), encode(record), read_started_at, updated_at=updated_at
    )


def gone_document(
    object_name: str,
    external_id: object,
    *,
    read_started_at: datetime,
    updated_at: datetime | None = None,
) -> SourceDocument:
    """A record that the vendor no longer has."""
    return SourceDocument(
        object_name, str(external_id), b"", read_started_at, updated_at=updated_at, gone=True
    )


def newest(stamps: Iterable[datetime | None]) -> datetime | None:
    """The latest stamp there is."""
    return max((one for one in stamps if one is not None), default=None)


async def unless_gone(read: Coroutine[Any, Any, T]) -> T | None:
    """The result, or None when the vendor answers that there is no such record."""
    try:
        return await read
    except PermanentError as error:
        if error.error_class != "gone":
            raise
        return None
