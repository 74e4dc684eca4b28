"""Kernel: JSON lines on stderr, an event name and keys.

Keys outside the allow-list are dropped and counted, so that no payload slips in through a new key.
Of an exception the class and the places are logged; its message only when the error is ours, whose
messages never hold a payload.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import orjson
import structlog

from twinledger.kernel.errors import TwinledgerError
from twinledger.kernel.metrics import LOG_KEYS_DROPPED

__all__ = ["ALLOWED_KEYS", "configure_logging"]

_ALLOWED = (
    "event level timestamp stage exception exception_class frames",
    "event_id entity entity_id object external_id target_id system sink workspace lane field definition",
    "topic partition offset group cluster_id position begin end count attempt due_in_s waits_for",
    "outcome reason error_class error fingerprint dead_letter_id",
    "budget_group state op intent_id permit_id status code endpoint took_ms retry_after_s",
    "host port path name instance signal version broker database address migrations records subscription",
    "since until seconds missing",
)
ALLOWED_KEYS = frozenset(key for line in _ALLOWED for key in line.split())
_FRAMES = 8


def configure_logging(stage: str, level: str = "info") -> None:
    """Set up structlog and the libraries' own loggers for one process."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _describe_exception,
            _KeepAllowed(stage),
            structlog.processors.JSONRenderer(serializer=_to_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Forward()], level=logging.WARNING, force=True)
    sys.excepthook = _log_crash


class _KeepAllowed:
    """Names the stage and drops unknown keys."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._dropped = LOG_KEYS_DROPPED.labels(stage)

    def __call__(
        self, logger: object, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        unknown = event.keys() - ALLOWED_KEYS
        for key in unknown:
            del event[key]
        if unknown:
            self._dropped.inc(len(unknown))
        event["stage"] = self._stage
        return event


def _describe_exception(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    if error is not None:
        event["exception_class"] = type(error).__qualname__
        event["frames"] = [
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        ]
        if isinstance(error, TwinledgerError):
            event["exception"] = str(error)
    return event


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The last words of a process, one line for each error of a group."""
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for part in inner:
        _log_crash(type(part), part, part.__traceback__)
    if not inner:
        structlog.get_logger().critical("process_failed", exc_info=error)


def _to_json(event: dict[str, Any], **_: Any) -> bytes:
    return orjson.dumps(event, default=str)


class _Forward(logging.Handler):
    """Warnings of libraries, as an event with the logger's name; their texts may hold data."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library_warning",
            name=record.name,
            path=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info[1] if record.exc_info else None,
        )
