"""Ingest, polling and sweeping: one page of a list, with what a failure means for the whole system."""

from __future__ import annotations

from datetime import datetime

from twinledger.connectors.base.contract import CallPermit, Page, Source
from twinledger.ingest.pauses import SystemPause
from twinledger.kernel.errors import PermanentError, TransientError
from twinledger.kernel.metrics import ERRORS

__all__ = ["list_page"]


async def list_page(
    source: Source,
    object_name: str,
    since: datetime | None,
    page: str | None,
    permit: CallPermit,
    pause: SystemPause,
) -> Page:
    """The page; errors are counted, and told to the pause that all parts of a system share."""
    system = object_name.partition(".")[0]
    try:
        answer = await source.changed_since(object_name, since, page, permit)
    except TransientError as error:
        pause.failed(error)
        ERRORS.labels(system, error.error_class).inc()
        raise
    except PermanentError as error:
        pause.refused(error)
        ERRORS.labels(system, error.error_class).inc()
        raise
    pause.answered()
    return answer
