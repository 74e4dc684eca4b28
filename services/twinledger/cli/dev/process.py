"""Dev: one child process, from start to stop; the only place of the CLI that starts programs.

A child leads a process group of its own, so that Ctrl-C reaches the supervisor alone and children stop
in its order; when the supervisor is killed, the kernel ends them (Linux). Only what was started here
is ever ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twinledger.kernel.clock import Clock, SystemClock
from twinledger.kernel.errors import FatalError

__all__ = ["Account", "ChildProcess", "Command", "run_to_end", "wait_until"]

_POLL_S = 0.05
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """What to start: program and arguments, environment, where its output goes."""

    name: str
    arguments: Sequence[str]
    log_path: Path
    environment: Mapping[str, str] | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 15.0
    orphan_signal: signal.Signals | None = None
    """What the kernel sends when the supervisor is gone; the stop signal if not said."""
    umask: int = -1


@dataclass(slots=True)
class ChildProcess:
    """A started command."""

    command: Command
    clock: Clock = field(default_factory=SystemClock)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = self.command
        command.log_path.parent.mkdir(parents=True, exist_ok=True)
        with command.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - fixed programs, no shell, no outside text
                command.arguments,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_dies_with_parent(command.orphan_signal or command.stop_signal),
                user=command.account.uid if command.account else None,
                group=command.account.gid if command.account else None,
                extra_groups=[] if command.account else None,
                umask=command.umask,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.alive():
            assert self._process is not None
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop, and end it when it does not."""
        self.signal(self.command.stop_signal)
        if not await wait_until(lambda: not self.alive(), self.command.stop_within_s, self.clock):
            self.kill()

    async def started(self, answers: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
        """Wait until it answers; a process that ends before is an error with the end of its log."""
        deadline = self.clock.monotonic() + within_s
        while not await answers():
            if not self.alive() or self.clock.monotonic() > deadline:
                what = "does not answer" if self.alive() else f"ended with status {self.exit_code()}"
                self.kill()
                raise FatalError(f"{self.command.name} {what}: {self.last_words()}")
            await self.clock.sleep(_POLL_S)

    def last_words(self) -> str:
        """The end of its log."""
        text = self.command.log_path.read_bytes()[-1500:].decode(errors="replace").strip()
        return f"{text or 'no output'} (log: {self.command.log_path})"


async def wait_until(condition: Callable[[], bool], within_s: float, clock: Clock) -> bool:
    """True as soon as the condition holds, False when the time is over."""
    deadline = clock.monotonic() + within_s
    while not condition():
        if clock.monotonic() > deadline:
            return False
        await clock.sleep(_POLL_S)
    return True


def run_to_end(
    arguments: Sequence[str], *, account: Account | None = None, timeout_s: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run a short command and keep what it said; a missing program answers status 127."""
    try:
        return subprocess.run(  # noqa: S603 - fixed programs, no shell, no outside text
            arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(arguments, 127, "", str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(arguments, 124, "", f"no end after {timeout_s:.0f} s")


def _dies_with_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(orphan_signal))
        if os.getppid() != parent:
            os.kill(os.getpid(), orphan_signal)

    return ask
