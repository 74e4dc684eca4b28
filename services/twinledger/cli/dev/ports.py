"""Dev: loopback ports for the parts of a stack, the same as long as its folder is there.

Between the choice and the program that binds the port lie seconds: the row is claimed for its folder until
this process ends, so that neither another part of the stack nor another stack chooses it meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import socket
import zlib
from pathlib import Path
from tempfile import gettempdir
from typing import IO

from twinledger.kernel.errors import FatalError

__all__ = ["kept_ports"]

_FIRST_PORT = 18_000
_ROW_LENGTH = 10
_PORT_ROWS = 1_300
_claims: dict[int, tuple[Path, IO[bytes]]] = {}
"""First port -> the folder it is for, and the open file whose lock is the claim: the kernel gives it back
when the process ends."""


def kept_ports(folder: Path, count: int) -> list[int]:
    """A row of free loopback ports; the same folder gets the same row, so addresses last as long as data.

    They lie below the range from which the system takes ports for outgoing connections.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    start = zlib.crc32(str(folder).encode()) % _PORT_ROWS
    for step in range(_PORT_ROWS):
        first = _FIRST_PORT + (start + step) % _PORT_ROWS * _ROW_LENGTH
        row = list(range(first, first + count))
        if _is_claimed(first, folder) and all(map(_is_free, row)):
            return row
    raise FatalError(f"no {count} free ports on 127.0.0.1")


def _is_claimed(first: int, folder: Path) -> bool:
    """For this folder, now or already: another part of the same stack must not choose it either."""
    if first in _claims:
        return _claims[first][0] == folder
    claims = Path(gettempdir()) / f"twinledger-ports-{os.getuid()}"
    claims.mkdir(mode=0o700, exist_ok=True)
    claim = (claims / str(first)).open("wb")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        claim.close()
        return False
    _claims[first] = folder, claim
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
