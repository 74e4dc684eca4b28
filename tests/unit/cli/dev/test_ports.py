"""Ports: a folder keeps its row, and no two stacks choose the same one."""

from __future__ import annotations

import subprocess
import sys
import zlib
from itertools import count
from pathlib import Path

from twinledger.cli.dev.ports import kept_ports

_CHOOSE = """
import sys
from pathlib import Path
from twinledger.cli.dev.ports import kept_ports
print(kept_ports(Path(sys.argv[1]), 1)[0], flush=True)
sys.stdin.read()
"""


def test_a_folder_keeps_its_ports_and_another_has_others(tmp_path: Path) -> None:
    first = kept_ports(tmp_path / "a", 3)
    assert kept_ports(tmp_path / "a", 3) == first
    assert first == list(range(first[0], first[0] + 3))
    assert set(first).isdisjoint(kept_ports(tmp_path / "b", 3))


def test_two_folders_that_would_start_from_the_same_row_have_two_rows(tmp_path: Path) -> None:
    def place(folder: Path) -> int:
        return zlib.crc32(str(folder.resolve()).encode()) % 1_300

    one = tmp_path / "one"
    other = next(two for n in count() if place(two := tmp_path / str(n)) == place(one))
    assert set(kept_ports(one, 2)).isdisjoint(kept_ports(other, 2))


def test_what_another_process_chose_and_has_not_bound_yet_is_not_chosen(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _CHOOSE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        theirs = int(other.stdout.readline())
        (ours,) = kept_ports(tmp_path, 1)
        assert ours != theirs
        other.communicate()
