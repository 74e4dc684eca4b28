"""Children start, answer, stop in time, and end with whoever started them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from twinledger.cli.dev.process import ChildProcess, Command, run_to_end, wait_until
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.errors import FatalError

CLOCK = SystemClock()
_STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
_PARENT = """
import sys, time
from pathlib import Path
from twinledger.cli.dev.process import ChildProcess, Command

child = ChildProcess(Command("c", [sys.executable, "-c", "import time; time.sleep(60)"], Path(sys.argv[1])))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


def _child(folder: Path, code: str, *, stop_within_s: float = 5.0) -> ChildProcess:
    command = Command(
        "child", [sys.executable, "-c", code], folder / "child.log", stop_within_s=stop_within_s
    )
    return ChildProcess(command)


async def _up(child: ChildProcess) -> bool:
    return b"up" in child.command.log_path.read_bytes()


async def test_a_child_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    child = _child(tmp_path, _STUBBORN, stop_within_s=0.2)
    child.start()
    await child.started(lambda: _up(child), within_s=10)
    await child.stop()
    assert child.exit_code() == -signal.SIGKILL


async def test_a_child_that_ends_early_tells_its_last_words(tmp_path: Path) -> None:
    child = _child(tmp_path, "print('no disk left', flush=True); raise SystemExit(3)")
    child.start()
    with pytest.raises(FatalError, match=r"ended with status 3: no disk left"):
        await child.started(lambda: _up(child), within_s=10)


async def test_a_child_that_never_answers_is_ended(tmp_path: Path) -> None:
    child = _child(tmp_path, "import time; time.sleep(60)")
    child.start()
    with pytest.raises(FatalError, match="does not answer"):
        await child.started(lambda: _up(child), within_s=0.3)
    assert not child.alive()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends orphans on Linux only")
def test_a_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", _PARENT, str(tmp_path / "c.log")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        parent.kill()
    assert asyncio.run(wait_until(lambda: not _runs(child_pid), 10, CLOCK))


def _runs(pid: int) -> bool:
    """A zombie has ended."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def test_a_missing_program_answers_127() -> None:
    assert run_to_end(["/nowhere/at-all"]).returncode == 127
