"""The program: its help, what it lists, and the page written from it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.contract.sandbox.client_environment import ROOT

from twinledger.sandbox.program import Options, Sandbox

VENDORS = (
    "freshbooks", "zoho_accounts", "zoho_crm", "zoho_books", "zoho_inventory", "zoho_expense", "zoho_people",
)  # fmt: skip


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "twinledger.sandbox", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "services"), "COLUMNS": "100"}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)


def test_help_explains_every_flag_with_examples() -> None:
    done = _run("--help")
    flags = ("--port", "--urls", "--customers", "--seed", "--switch", "--clock", "--state", "--vendors")
    assert [each for each in (*flags, "switches", "routes", "examples:") if each not in done.stdout] == []


def test_switches_lists_every_fact_that_is_left_open() -> None:
    sandbox = Sandbox(Options())
    rows = [line.split("\t") for line in _run("switches").stdout.splitlines()]
    assert [row[0] for row in rows] == [row["name"] for row in sandbox.world.switches.rows()]
    assert all(len(row) == 5 and all(row) for row in rows), "name, default, takes, sheet, about"


def test_routes_names_the_sheet_section_of_each_call_of_each_vendor() -> None:
    rows = [line.split("\t") for line in _run("routes").stdout.splitlines()]
    assert {row[0].partition("@")[0] for row in rows} == set(VENDORS)
    assert [row for row in rows if not row[5]] == []


def test_the_page_is_what_the_program_says() -> None:
    assert Path(ROOT / "docs" / "sandbox.md").read_text() == _run("page").stdout, (
        "run: twinledger sandbox page > docs/sandbox.md"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--switch", "moon=true"), "no switch named moon"),
        (("--switch", "freshbooks.alpha_errors=maybe"), "true or false"),
        (("--switch", "freshbooks.alpha_errors"), "NAME=VALUE"),
        (("--vendors", "freshbook"), "no vendor named freshbook"),
    ],
)
def test_a_wrong_flag_is_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    done = _run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
