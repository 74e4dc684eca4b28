"""The machine a bench ran on, and who used its cores meanwhile."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CpuMeter", "describe_machine", "resident_mb"]

_TICKS = os.sysconf("SC_CLK_TCK")
_MOUNTS = Path("/proc/mounts")
_FORKS = "postgres"


def describe_machine(data: Path) -> dict[str, Any]:
    """Call before anything is started: the load average is what others did.

    `data` is a folder on the disk that the servers write to.
    """
    cpu = [
        line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")
    ]
    return {
        "cpu": cpu[0] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "disk": _disk_of(data),
        "fsync_ms": round(_fsync_ms(data), 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_before": [round(one, 2) for one in os.getloadavg()],
        "load_generator": "on the same cores",
    }


@dataclass(frozen=True)
class _Moment:
    at: float
    own: Mapping[str, float]
    busy: float


class CpuMeter:
    """Cores used since `start`, by process; PostgreSQL's backends count with their parent."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        self._processes = processes
        self._began = self._moment()

    def start(self) -> None:
        self._began = self._moment()

    def used_s(self, name: str) -> float:
        """CPU seconds of one process since `start`."""
        return _cpu_s(self._processes[name], name == _FORKS) - self._began.own[name]

    def text(self) -> str:
        """`cores used: ingest 0.61, kafka 0.33, ... others on this machine 0.20`"""
        now = self._moment()
        took = max(now.at - self._began.at, 1e-9)
        cores = {name: (now.own[name] - before) / took for name, before in self._began.own.items()}
        others = (now.busy - self._began.busy) / took - sum(cores.values())
        said = ", ".join(f"{name} {used:.2f}" for name, used in cores.items() if used >= 0.005)
        return f"cores used: {said}, others on this machine {max(others, 0.0):.2f} of {os.cpu_count()}"

    def _moment(self) -> _Moment:
        own = {name: _cpu_s(pid, name == _FORKS) for name, pid in self._processes.items()}
        return _Moment(time.perf_counter(), own, _machine_busy_s())


def resident_mb(pid: int) -> float:
    """Resident now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu_s(pid: int, with_children: bool) -> float:
    paths = Path("/proc").glob("[0-9]*/stat") if with_children else [Path(f"/proc/{pid}/stat")]
    return sum(_ticks_of(path, pid) for path in paths) / _TICKS


def _ticks_of(path: Path, pid: int) -> int:
    """Of the process itself, or of its child."""
    try:
        fields = path.read_text().rpartition(")")[2].split()
    except OSError:
        return 0  # ended meanwhile
    ours = pid in (int(path.parent.name), int(fields[1]))
    return int(fields[11]) + int(fields[12]) if ours else 0


def _machine_busy_s() -> float:
    user, nice, system, _, _, irq, softirq, *_ = map(int, _lines("/proc/stat")[0].split()[1:])
    return (user + nice + system + irq + softirq) / _TICKS


def _fsync_ms(folder: Path) -> float:
    """Median of 50 small appends, each made durable: what a commit costs at least."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(50):
            file.write(b"x" * 512)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2] * 1e3


def _disk_of(folder: Path) -> str:
    """Device and file system of a folder."""
    mounts = [line.split()[:3] for line in _MOUNTS.read_text().splitlines()]
    inside = [row for row in mounts if folder.resolve().is_relative_to(row[1])]
    device, _, kind = max(inside, key=lambda row: len(row[1]))
    return f"{device} ({kind}), fsync on"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
