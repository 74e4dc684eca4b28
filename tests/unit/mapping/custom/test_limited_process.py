"""What an operator's function may do: answer in time, within its memory, about its value. Nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from twinledger.mapping.custom.limited_process import LimitedProcess, Limits
from twinledger.mapping.errors import DefinitionError, ValueFault

FUNCTIONS = """
import ctypes, os, socket, subprocess, sys

calls = 0


def clean(value):
    global calls
    calls += 1
    print("a stray line is no answer")
    return value.strip().upper()


def counted(value):
    return calls


def endless(value):
    while True:
        pass


def greedy(value):
    return len(bytearray(2_000_000_000))


def talkative(value):
    return "x" * 10_000_000


def leaves(value):
    os._exit(3)


def runs(value):
    return str(eval(value))


def no_json(value):
    return object()


FUNCTIONS = {
    "clean": clean,
    "both": (str.lower, str.upper),
    "counted": counted,
    "endless": endless,
    "greedy": greedy,
    "talkative": talkative,
    "leaves": leaves,
    "runs": runs,
    "no_json": no_json,
}
VERSION = "7"
"""
ESCAPES = (
    "socket.socket()",
    "socket.create_connection(('127.0.0.1', 80))",
    "socket.getaddrinfo('vendor.example', 80)",
    "__import__('urllib.request').request.urlopen('http://127.0.0.1/')",
    "__import__('_socket').socket()",
    "open('/etc/passwd').read()",
    "open('/tmp/left', 'w')",
    "os.open('/etc/passwd', 0)",
    "os.listdir('/')",
    "os.system('true')",
    "os.popen('true').read()",
    "os.fork()",
    "os.execv('/bin/true', ['true'])",
    "os.posix_spawn('/bin/true', ['true'], {})",
    "os.kill(os.getppid(), 9)",
    "os.remove('/tmp/nothing')",
    "os.symlink('/', '/tmp/link')",
    "subprocess.run(['true'])",
    "ctypes.CDLL(None)",
    "ctypes.string_at(0)",
    "__import__('zipfile')",
    "__import__('sqlite3')",
    "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['true'])",
    "sys.addaudithook(lambda *a: None) or open('/etc/passwd')",
)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitedProcess]:
    file = tmp_path_factory.mktemp("custom") / "functions.py"
    file.write_text(FUNCTIONS)
    process = LimitedProcess(file, Limits(seconds=0.3))
    yield process
    process.close()


def test_answers_by_name_in_both_directions(process: LimitedProcess) -> None:
    assert process.call("clean", "read", "  abc ") == "ABC"
    assert process.call("clean", "write", "as it is") == "as it is"
    assert (process.call("both", "read", "Ab"), process.call("both", "write", "Ab")) == ("ab", "AB")
    assert process.version == "7" and "clean" in process.names


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("endless", "took longer than 0.3 s"),
        ("greedy", "MemoryError"),
        ("talkative", "the result is too large"),
        ("leaves", "broke its limits"),
        ("no_json", "no JSON value"),
    ],
)
def test_a_broken_limit_costs_that_value_alone(process: LimitedProcess, name: str, cause: str) -> None:
    with pytest.raises(ValueFault, match=cause):
        process.call(name, "read", "x")
    assert process.call("clean", "read", "next") == "NEXT"


def test_a_large_value_is_refused_before_it_is_sent(process: LimitedProcess) -> None:
    process.call("clean", "read", "one")
    before = process.call("counted", "read", None)
    with pytest.raises(ValueFault, match="too large"):
        process.call("clean", "read", "x" * 1_000_000)
    assert process.call("counted", "read", None) == before


@pytest.mark.control("SEC-28")
@pytest.mark.parametrize("escape", ESCAPES)
def test_no_way_out(process: LimitedProcess, escape: str) -> None:
    with pytest.raises(ValueFault):
        process.call("runs", "read", escape)
    assert process.call("runs", "read", "1 + 1") == "2"


@pytest.mark.parametrize("text", ["FUNCTIONS = ", "x = 1", "raise ValueError", "while True: pass"])
def test_a_file_that_does_not_load_is_named(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twinledger.mapping.custom.limited_process._STARTS_WITHIN_S", 1.0)
    file = tmp_path / "broken.py"
    file.write_text(text)
    with pytest.raises(DefinitionError, match=r"broken\.py: the file of custom functions does not load"):
        _ = LimitedProcess(file).names
