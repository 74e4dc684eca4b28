"""Mutants: switches one safeguard off, named by MUTATE, before anything of the product is imported.

A pytest plugin (`-p tests.mutants.switch`). The product knows nothing of it: the source of one module is read
with one passage replaced, and the suite fails when that passage is no longer there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests.mutants.safeguard import Safeguard
from tests.mutants.safeguards import SAFEGUARDS

__all__ = ["switched_off"]


class _Weakened(SourceFileLoader):
    """Compiles the module anew, whatever is cached of it."""

    def __init__(self, safeguard: Safeguard, name: str, path: str) -> None:
        super().__init__(name, path)
        self._safeguard = safeguard

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        return compile(switched_off(source, self._safeguard), self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, safeguard: Safeguard) -> None:
        self._safeguard = safeguard

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._safeguard.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.origin is not None
        spec.loader = _Weakened(self._safeguard, fullname, spec.origin)
        return spec


def switched_off(source: str, safeguard: Safeguard) -> str:
    """The module without it."""
    if source.count(safeguard.passage) != 1:
        raise RuntimeError(f"{safeguard.name}: its passage is not in {safeguard.module} once; name it anew")
    return source.replace(safeguard.passage, safeguard.instead)


if name := os.environ.get("MUTATE"):
    (_chosen,) = (one for one in SAFEGUARDS if one.name == name)
    assert _chosen.module not in sys.modules, f"{_chosen.module} was imported before it could be weakened"
    sys.meta_path.insert(0, _Finder(_chosen))
