"""Sandbox: the whole state in one file, written atomically, read back at the next start.

One JSON line per part of the world; whatever has `dump()` and `load()` is a part.
"""

import os
from pathlib import Path

import orjson

from .world import World

__all__ = ["restore", "save"]

FORMAT = 1


def save(world: World, path: Path) -> int:
    """Bytes written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(orjson.dumps({"format": FORMAT, "seed": world.random.seed}) + b"\n")
        for name, part in world.parts().items():
            file.write(orjson.dumps({"part": name, "state": part.dump()}) + b"\n")
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
    fresh.replace(path)
    return size


def restore(world: World, path: Path) -> None:
    parts = world.parts()
    with path.open("rb") as file:
        head = orjson.loads(file.readline())
        if head.get("format") != FORMAT:
            raise ValueError(f"{path} is no sandbox state of format {FORMAT}")
        for line in file:
            row = orjson.loads(line)
            part = parts.get(row["part"])
            if part is not None:
                part.load(row["state"])
