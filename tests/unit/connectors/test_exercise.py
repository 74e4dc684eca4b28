"""docs/extending.md, its connector: laid among the others in a copy of the tree; nothing else is touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXERCISE = ROOT / "docs" / "exercise"
RULE = "  zoho_books.item: {}\n"
CASE = "    expect: {targets: [freshbooks.item, zoho_books.item]}\n"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the exercise done: its folder, its line in a sync rule, its name in the contract."""
    tree = tmp_path_factory.mktemp("tree")
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "services", tree / "services", ignore=leave_out)
    shutil.copytree(ROOT / "schemas", tree / "schemas")
    shutil.copytree(EXERCISE / "toolshop", tree / "services/twinledger/connectors/toolshop", ignore=leave_out)
    rule = tree / "services/twinledger/definitions/sync/item.yaml"
    text = rule.read_text()
    assert RULE in text
    rule.write_text(text.replace(RULE, RULE + page("rule")))
    cases = rule.with_name("item.cases.yaml")
    assert CASE in cases.read_text()
    cases.write_text(cases.read_text().replace(CASE, page("case_of_rule")))
    project = (ROOT / "pyproject.toml").read_text()
    contract = re.search(r'layers = \["registry".*\n', project)
    assert contract is not None
    (tree / "pyproject.toml").write_text(project.replace(contract[0], page("contract")))
    return tree


def page(name: str) -> str:
    """A block of the page, as it says it."""
    text = (ROOT / "docs" / "extending.md").read_text()
    found = re.search(rf"```\w+ {name}\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"the page has no block {name}"
    return found[1]


def run(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tree / "services"), str(ROOT)])}
    return subprocess.run(
        [sys.executable, *command], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def test_its_own_tests_pass(tree: Path) -> None:
    pytest_there = (
        "-m",
        "pytest",
        "-q",
        "-c",
        "pyproject.toml",
        "--rootdir",
        str(tree),
        "-p",
        "no:cacheprovider",
    )
    done = run(tree, *pytest_there, str(EXERCISE / "test_toolshop.py"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_cases_pass_with_everybody_elses(tree: Path) -> None:
    done = run(tree, "-c", "from twinledger.cli.main import main; main()", "mappings", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    listed = run(tree, "-c", "from twinledger.cli.main import main; main()", "mappings", "list")
    assert "toolshop.tool" in listed.stdout


def test_it_can_be_connected_by_its_name(tree: Path) -> None:
    done = run(tree, "-c", "from twinledger.cli.main import main; main()", "connections", "add", "--help")
    assert "toolshop" in done.stdout


def test_the_contract_holds_and_leans_on_nobody(tree: Path) -> None:
    lint = ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")
    done = run(tree, *lint)
    assert done.returncode == 0, done.stdout + done.stderr
    client = tree / "services/twinledger/connectors/toolshop/client.py"
    before = client.read_text()
    client.write_text("import twinledger.connectors.freshbooks.answers\n" + before)
    try:
        leaning = run(tree, *lint)
    finally:
        client.write_text(before)
    assert leaning.returncode != 0
    assert "toolshop" in leaning.stdout
