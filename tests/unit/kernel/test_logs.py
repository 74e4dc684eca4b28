from __future__ import annotations

import os
import subprocess
import sys

import orjson

from twinledger.kernel.metrics import LOG_KEYS_DROPPED

PROLOGUE = """
import structlog
from twinledger.kernel.errors import PermanentError
from twinledger.kernel.logs import configure_logging
from twinledger.kernel.metrics import LOG_KEYS_DROPPED
configure_logging("enrich", "info")
log = structlog.get_logger()
"""


def lines_of(code: str) -> list[dict[str, object]]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    ended = subprocess.run(
        [sys.executable, "-c", PROLOGUE + code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert ended.stdout == b""
    return [orjson.loads(line) for line in ended.stderr.splitlines()]


def test_a_line_is_json_with_stage_level_and_known_keys_only() -> None:
    (line,) = lines_of('log.info("record_loaded", workspace="acme", body="a canary secret")')
    assert line.pop("timestamp")
    assert line == {"event": "record_loaded", "level": "info", "stage": "enrich", "workspace": "acme"}


def test_dropped_keys_are_counted() -> None:
    code = (
        'log.info("x", body="a", secret="b")\n'
        'log.info("n", count=LOG_KEYS_DROPPED.labels("enrich")._value.get())'
    )
    assert lines_of(code)[1]["count"] == 2.0
    assert LOG_KEYS_DROPPED.labels("enrich")


def test_below_the_level_nothing_is_written() -> None:
    assert lines_of('log.debug("noise")') == []


def test_an_exception_shows_its_places_and_not_its_text() -> None:
    code = """
try:
    {}["ada@example.com"]
except KeyError as error:
    log.error("failed", exc_info=error)
"""
    (line,) = lines_of(code)
    assert line["exception_class"] == "KeyError"
    assert line["frames"]
    assert "ada@example.com" not in str(line)


def test_the_text_of_our_own_errors_is_shown() -> None:
    code = 'log.error("failed", exc_info=PermanentError("amount is no number", error_class="mapping"))'
    assert lines_of(code)[0]["exception"] == "amount is no number"


def test_the_last_words_of_a_process_are_json_too() -> None:
    lines = lines_of(
        'raise ExceptionGroup("two", [ValueError("ada@example.com"), PermanentError("p", error_class="bug")])'
    )
    assert [line["event"] for line in lines] == ["process_failed", "process_failed"]
    assert [line["exception_class"] for line in lines] == ["ValueError", "PermanentError"]
    assert "ada@example.com" not in str(lines)


def test_warnings_of_libraries_are_json_without_their_text() -> None:
    (line,) = lines_of('import logging; logging.getLogger("aiokafka").warning("key %s", "ada@example.com")')
    assert (line["event"], line["name"]) == ("library_warning", "aiokafka")
    assert "ada@example.com" not in str(line)
