"""Dev: one stack at a time in one folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twinledger.cli.failure import CommandError

__all__ = ["is_running", "only_one"]


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Holds the lock as long as this process lives; a second stack is told who holds it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CommandError(
                f"a stack already runs in {lock_file.parent} (process {holder})", f"kill -INT {holder}"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_running(lock_file: Path) -> bool:
    """Whether a stack holds the lock."""
    if not lock_file.exists():
        return False
    with lock_file.open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
