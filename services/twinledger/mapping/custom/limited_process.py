"""Mapping, custom functions: calls them in a process of their own, with a deadline for each value.

A call that takes too long, or a process that died, costs that value a fault and the next one a new process.
"""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from twinledger.kernel.clock import SystemClock
from twinledger.mapping.errors import DefinitionError, ValueFault

__all__ = ["Direction", "LimitedProcess", "Limits"]

Direction = Literal["read", "write"]

_CHILD = Path(__file__).with_name("child.py")
_HEAD = struct.Struct(">I")
_STARTS_WITHIN_S = 10.0
_clock = SystemClock()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one value may cost."""

    seconds: float = 0.25
    memory_bytes: int = 256 * 1024 * 1024
    input_bytes: int = 256 * 1024
    output_bytes: int = 64 * 1024


class LimitedProcess:
    """The functions of one file. Not started before it is asked."""

    def __init__(self, file: Path, limits: Limits | None = None) -> None:
        self._file, self._limits = file, limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._about: dict[str, Any] = {}
        self._lock = Lock()

    @property
    def names(self) -> frozenset[str]:
        """The functions that the file registers."""
        with self._lock:
            self._running()
        return frozenset(self._about["names"])

    @property
    def version(self) -> str:
        with self._lock:
            self._running()
        return str(self._about["version"])

    def call(self, name: str, direction: Direction, value: Any) -> Any:
        """The function's answer; ValueFault when it fails or breaks a limit."""
        request = json.dumps([name, direction, value]).encode()
        if len(request) > self._limits.input_bytes:
            raise ValueFault(f"too large a value for custom.{name}")
        with self._lock:
            answer = self._ask(name, request)
        ok, result = answer
        if not ok:
            raise ValueFault(f"custom.{name} failed: {result}")
        return result

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, name: str, request: bytes) -> Any:
        process = self._running()
        deadline = _clock.monotonic() + self._limits.seconds
        try:
            assert process.stdin is not None, "made with a pipe"
            process.stdin.write(_HEAD.pack(len(request)) + request)
            process.stdin.flush()
            return self._frame(process, deadline)
        except TimeoutError as late:
            self._end()
            raise ValueFault(f"custom.{name} took longer than {self._limits.seconds:g} s") from late
        except (OSError, EOFError, ValueError) as broken:
            self._end()
            raise ValueFault(f"custom.{name} broke its limits and was ended") from broken

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = self._started()
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", str(_CHILD), str(self._file), json.dumps(asdict(self._limits))]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        )
        try:
            _, self._about = self._frame(process, _clock.monotonic() + _STARTS_WITHIN_S)
        except (OSError, EOFError, ValueError, TimeoutError) as failed:
            process.kill()
            process.wait()
            raise DefinitionError(
                "the file of custom functions does not load; it needs FUNCTIONS = {name: function}",
                file=str(self._file),
            ) from failed
        return process

    def _frame(self, process: subprocess.Popen[bytes], deadline: float) -> Any:
        size = _HEAD.unpack(self._bytes(process, _HEAD.size, deadline))[0]
        return json.loads(self._bytes(process, size, deadline))

    def _bytes(self, process: subprocess.Popen[bytes], count: int, deadline: float) -> bytes:
        assert process.stdout is not None, "made with a pipe"
        pipe, got = process.stdout.fileno(), b""
        waiting = select.poll()
        waiting.register(pipe, select.POLLIN)
        while len(got) < count:
            if not waiting.poll(max(0.0, deadline - _clock.monotonic()) * 1000):
                raise TimeoutError
            part = os.read(pipe, count - len(got))
            if not part:
                raise EOFError
            got += part
        return got

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None
