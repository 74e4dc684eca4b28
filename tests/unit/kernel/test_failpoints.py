from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import twinledger
from twinledger.kernel.errors import FatalError
from twinledger.kernel.failpoints import AWAITS, NAMES, parse_plan

PASS_THREE = """
from twinledger.kernel.failpoints import failpoint
for turn in range(3):
    failpoint("relay.send.before")
    print(turn, flush=True)
"""


def run(code: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_code_and_list_name_the_same_places() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(twinledger.__file__).parent.rglob("*.py")
    )
    assert set(re.findall(r'\bfailpoint\("([a-z_.]+)"\)', code)) == NAMES


def test_every_await_has_a_place_before_and_one_after() -> None:
    assert len(NAMES) == 2 * len(AWAITS)


def test_the_default_is_to_kill_at_the_nth_passage() -> None:
    ended = run(PASS_THREE, {"FAIL": "relay.send.before:2"})
    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, "0\n")


def test_raise_raises_once() -> None:
    ended = run(PASS_THREE, {"FAIL": "relay.send.before:1:raise"})
    assert "FailpointReached: relay.send.before" in ended.stderr


def test_a_stall_lets_the_process_go_on() -> None:
    ended = run(PASS_THREE, {"FAIL": "relay.send.before:3:stall=0.01"})
    assert (ended.returncode, ended.stdout) == (0, "0\n1\n2\n")


def test_in_an_image_fail_has_no_effect() -> None:
    ended = run(PASS_THREE, {"FAIL": "relay.send.before:1", "TWINLEDGER_IMAGE": "1"})
    assert (ended.returncode, ended.stdout) == (0, "0\n1\n2\n")


@pytest.mark.parametrize("text", ["nowhere:1", "relay.send.before:x", "relay.send.before:1:explode"])
def test_a_plan_with_an_unknown_word_stops_the_process(text: str) -> None:
    with pytest.raises(FatalError, match="FAIL"):
        parse_plan(text)


def test_several_places_stand_in_one_plan() -> None:
    assert set(parse_plan("relay.send.before:1,producer.send.after:2:raise")) == {
        "relay.send.before",
        "producer.send.after",
    }
