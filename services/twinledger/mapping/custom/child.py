"""Mapping, custom functions: the process they run in. Stands alone: it imports nothing of ours.

python -I child.py FILE LIMITS   reads frames [name, direction, value] on stdin, answers [ok, value or cause].
A frame is four bytes of length and JSON. FILE has `FUNCTIONS = {"name": read}` or `{"name": (read, write)}`
and `VERSION`. Before any call the process gives up memory, files, new processes and the network.
"""

import importlib.util
import json
import os
import resource
import struct
import sys
from typing import Any, BinaryIO

_HEAD = struct.Struct(">I")
_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.kill",
    "os.putenv",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.listdir",
    "os.scandir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.truncate",
    "shutil.",
    "signal.",
    "ctypes.",
    "mmap.",
    "pty.",
    "urllib.",
    "http.",
    "open",
    "import",
)
_NEW_NETWORK = 0x40000000
_NEW_USER = 0x10000000


def main() -> None:
    path, limits = sys.argv[1], json.loads(sys.argv[2])
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a function prints is no answer
    _leave_the_network()
    functions, version = _load(path)
    _limit(limits)
    sys.addaudithook(_refuse)
    _write(answers, [True, {"version": version, "names": sorted(functions)}], limits["output_bytes"])
    while (frame := _read(source)) is not None:
        name, direction, value = json.loads(frame)
        _write(answers, _call(functions, name, direction, value), limits["output_bytes"])


def _load(path: str) -> tuple[dict[str, Any], str]:
    spec = importlib.util.spec_from_file_location("twinledger_functions", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.FUNCTIONS), str(getattr(module, "VERSION", "1"))


def _call(functions: dict[str, Any], name: str, direction: str, value: Any) -> list[Any]:
    pair = functions[name]
    read, write = pair if isinstance(pair, tuple) else (pair, None)
    function = read if direction == "read" else write
    try:
        return [True, value if function is None else function(value)]
    except BaseException as error:  # whatever it raises is its answer
        return [False, type(error).__name__]


def _leave_the_network() -> None:
    """A network of its own without a device, where the kernel lets us; the audit hook stands anyway."""
    import ctypes  # noqa: PLC0415 - forbidden to what runs later

    ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK)


def _limit(limits: dict[str, int]) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(_HEAD.size)
    return source.read(_HEAD.unpack(head)[0]) if len(head) == _HEAD.size else None


def _write(answers: BinaryIO, answer: list[Any], most: int) -> None:
    try:
        body = json.dumps(answer, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError, MemoryError):
        body = b'[false, "no JSON value"]'
    if len(body) > most:
        body = b'[false, "the result is too large"]'
    answers.write(_HEAD.pack(len(body)) + body)
    answers.flush()


if __name__ == "__main__":
    main()
