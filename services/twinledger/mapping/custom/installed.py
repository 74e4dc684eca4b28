"""Mapping, custom functions: those of this installation, as value functions named `custom.<name>`.

TWINLEDGER_FUNCTIONS names the operator's file. Whoever compiles the definitions of the package sees the same
functions: the file belongs to the installation, as the definitions do.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from twinledger.mapping.custom.limited_process import Direction, LimitedProcess
from twinledger.mapping.functions import ValueFunction
from twinledger.mapping.functions.texts import read_text
from twinledger.mapping.yaml_source import Problem

__all__ = ["PREFIX", "SETTING", "custom_function"]

PREFIX = "custom."
SETTING = "TWINLEDGER_FUNCTIONS"


def custom_function(name: str) -> ValueFunction:
    """Problem when there is none of that name. What it gives is a text until a named function checks it."""
    path = os.environ.get(SETTING)
    if not path:
        raise Problem(f"{name!r} needs a file of custom functions; name it in {SETTING}")
    process = _process(Path(path))
    short = name.removeprefix(PREFIX)
    if short not in process.names:
        there = ", ".join(sorted(PREFIX + one for one in process.names)) or "none"
        raise Problem(f"{name!r} is not in {path}; there are: {there}")
    return ValueFunction(_checked(process, short), _direction(process, short, "write"))


@lru_cache(maxsize=4)
def _process(path: Path) -> LimitedProcess:
    process = LimitedProcess(path)
    atexit.register(process.close)
    return process


def _direction(process: LimitedProcess, name: str, direction: Direction) -> Callable[[Any], Any]:
    return lambda value: process.call(name, direction, value)


def _checked(process: LimitedProcess, name: str) -> Callable[[Any], Any]:
    return lambda value: read_text(process.call(name, "read", value))
