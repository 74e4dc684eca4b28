"""The command line's conventions: streams, exit codes, two lines for an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from twinledger.cli.main import main


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program left behind."""

    returncode: int
    stdout: str
    stderr: str


Twinledger = Callable[..., Answer]


@pytest.fixture
def twinledger(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Twinledger:
    """The program in an empty folder, away from this machine's settings."""
    for name in os.environ:
        if name.startswith("TWINLEDGER_") or name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> Answer:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["twinledger", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return run


def test_stdout_holds_nothing_but_the_result(twinledger: Twinledger) -> None:
    answer = twinledger("version", "-o", "json")
    assert answer.returncode == 0
    assert json.loads(answer.stdout).keys() == {"twinledger", "python", "system"}


@pytest.mark.parametrize(
    ("form", "beginning"),
    [("json", "["), ("yaml", "- setting: "), ("jsonl", '{"setting": '), ("table", "setting ")],
)
def test_every_form_of_output(twinledger: Twinledger, form: str, beginning: str) -> None:
    answer = twinledger("config", "show", "--origin", "-o", form)
    assert answer.returncode == 0
    assert answer.stdout.startswith(beginning)


def test_config_tells_where_a_value_came_from_and_hides_secrets(twinledger: Twinledger) -> None:
    answer = twinledger(
        "config", "show", "--origin", "-o", "json",
        TWINLEDGER_WORKSPACE="acme", DATABASE_URL="postgresql://u:hunter2@h/d",
    )  # fmt: skip
    rows = {row["setting"]: row for row in json.loads(answer.stdout)}
    assert rows["workspace"] == {
        "setting": "workspace",
        "value": "acme",
        "origin": "environment TWINLEDGER_WORKSPACE",
    }
    assert rows["database_url"]["origin"] == "environment DATABASE_URL"
    assert "hunter2" not in answer.stdout + answer.stderr


def test_two_names_that_contradict_are_a_usage_error(twinledger: Twinledger) -> None:
    answer = twinledger(
        "config",
        "show",
        DATABASE_URL="postgresql://a/b",
        TWINLEDGER_DATABASE_URL="postgresql://c/d",
    )
    assert answer.returncode == 2
    assert "contradict" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "cause"),
    [
        (["bogus"], 2, "No such command"),
        (["dev", "--once"], 2, "--once is for --demo"),
        (["dlq", "list"], 6, "no stack runs here"),
        (["version", "-o", "xml"], 2, "xml"),
    ],
)
def test_an_error_is_its_cause_and_the_next_command(
    twinledger: Twinledger, arguments: list[str], code: int, cause: str
) -> None:
    answer = twinledger(*arguments)
    assert answer.returncode == code
    first, second = answer.stderr.strip().splitlines()
    assert first.startswith("error: ")
    assert cause in first
    assert second.startswith("try: ")
    assert answer.stdout == ""


def test_a_noun_without_a_verb_shows_help_and_is_a_usage_error(twinledger: Twinledger) -> None:
    answer = twinledger("dlq")
    assert answer.returncode == 2
    assert "Usage: " in answer.stdout + answer.stderr


def test_doctor_names_the_fix_and_fails_when_a_given_broker_is_silent(twinledger: Twinledger) -> None:
    answer = twinledger("doctor", "-o", "json", KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert answer.returncode == 1
    broker = next(row for row in json.loads(answer.stdout) if row["check"] == "broker")
    assert broker["state"] == "failed"
    assert "unset KAFKA_BOOTSTRAP_SERVERS" in broker["fix"]
    assert "try: start it" in answer.stderr


def test_reset_removes_data_and_keeps_the_brokers_jars(twinledger: Twinledger, tmp_path: Path) -> None:
    root = tmp_path / ".twinledger"
    for name in ("data/postgres", "logs", "kafka/libs"):
        (root / name).mkdir(parents=True)
    (root / "run.json").touch()
    assert twinledger("dev", "reset").returncode == 0
    assert [path.name for path in root.iterdir()] == ["kafka"]


def test_the_shipped_mappings_pass_their_cases(twinledger: Twinledger) -> None:
    answer = twinledger("mappings", "test", "-o", "json")
    counts = json.loads(answer.stdout)
    assert (answer.returncode, counts["failed"]) == (0, 0)
    assert counts["cases"] > 50
