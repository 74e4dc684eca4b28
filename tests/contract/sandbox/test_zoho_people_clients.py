"""PyPI zoho-people-sdk, unpatched, against the employee form."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.sandbox.client_environment import python_of, running_sandbox

ROUND = Path(__file__).with_name("zoho_people_sdk_round.py")
VENDORS = ("--vendors", "zoho_accounts,zoho_people", "--customers", "0")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python = python_of("zoho-people-sdk==0.1.0")
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), *VENDORS) as urls:
        done = subprocess.run([python, ROUND, urls], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_employees_are_listed_found_created_and_changed(seen: dict[str, Any]) -> None:
    assert seen["listed"] == ["E-101", "E-102", "E-103"]
    assert seen["created"] == "Data added successfully"
    assert (seen["by_email"], seen["by_id"]) == (True, "Noor")
    assert (seen["updated"], seen["one"]) == ("Successfully Updated", "555")


def test_a_double_is_refused_and_the_client_shows_nothing(seen: dict[str, Any]) -> None:
    assert seen["again"] == []
