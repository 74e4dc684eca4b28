"""Dev: where a local stack keeps what it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Folders"]

_LIBS = Path(".twinledger") / "kafka" / "libs"


@dataclass(frozen=True, slots=True)
class Folders:
    """`root` holds what a person looks at; `data_root` (root's `data` unless ephemeral) what outlives a run.

    The broker's jars are shared by every stack started in this directory.
    """

    root: Path
    data_root: Path | None = None
    kafka_libs: Path = _LIBS

    @property
    def data(self) -> Path:
        return self.data_root or self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def sandbox_state(self) -> Path:
        return self.data / "sandbox.state"

    @property
    def sandbox_urls(self) -> Path:
        return self.root / "sandbox.json"

    @property
    def run_file(self) -> Path:
        return self.root / "run.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "lock"
