"""YAML as the definitions read it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from twinledger.mapping.yaml_source import load_yaml


def test_plain_words_stay_words_and_numbers_exact(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "on: NO\nyes: off\nday: 2026-03-05\ntime: 12:30\nzip: 010\n"
        "rate: 1.10\nn: -3\nt: true\nnothing: null\nempty:\n"
    )
    assert load_yaml(path).data == {
        "on": "NO",
        "yes": "off",
        "day": "2026-03-05",
        "time": "12:30",
        "zip": "010",
        "rate": Decimal("1.10"),
        "n": -3,
        "t": True,
        "nothing": None,
        "empty": None,
    }


def test_every_node_knows_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  b: [1,\n    2]\n")
    lines = load_yaml(path).lines
    assert (lines["a",], lines["a", "b"], lines["a", "b", 1]) == (1, 2, 3)
