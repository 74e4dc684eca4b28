"""PyPI zohocrmsdk8-0 7.0.0, the official client, unpatched, against the sandbox: a whole round."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.sandbox.client_environment import python_of, running_sandbox

ROUND = Path(__file__).with_name("zoho_crm_sdk_round.py")
OK = ["success", "SUCCESS"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python = python_of("zohocrmsdk8-0==7.0.0", "setuptools==80.9.0")
    resources = tmp_path_factory.mktemp("resources")
    vendors = ("--vendors", "zoho_accounts,zoho_crm", "--customers", "0")
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), *vendors) as urls:
        done = subprocess.run([python, ROUND, urls, resources], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_metadata_users_and_org_are_understood(seen: dict[str, Any]) -> None:
    fields = seen["fields"]
    assert (fields["Account_Name"], fields["Email"], fields["Owner"]) == ("lookup", "email", "ownerlookup")
    assert {"Leads", "Contacts", "Accounts", "Deals", "Notes"} <= set(seen["modules"])
    assert (seen["user"], seen["org"]) == ("Dana Okafor", "America/Los_Angeles")


@pytest.mark.parametrize(("module", "count"), [("Leads", 1), ("Contacts", 3), ("Accounts", 1), ("Deals", 1)])
def test_records_of_all_four_modules_are_created(seen: dict[str, Any], module: str, count: int) -> None:
    assert seen[f"created_{module}"] == [201, [OK] * count]


def test_pages_follow_each_other_newest_first(seen: dict[str, Any]) -> None:
    first_more, second_more, ids = seen["paged"]
    assert (first_more, second_more) == (True, False)
    assert [str(each) for each in ids] == seen["ids"]["Contacts"][::-1]


def test_one_record_reads_back_with_lookup_time_and_computed_fields(seen: dict[str, Any]) -> None:
    assert seen["contact"] == ["Ines Round 0", "Round & Sons"]
    assert seen["modified_is_a_time"] is True
    assert seen["deal"] == [10, 120.5, 12.05, "Qualification", "2026-03-09"]


def test_answers_without_a_body(seen: dict[str, Any]) -> None:
    assert (seen["nothing"], seen["not_modified"], seen["search_nothing"]) == (204, 304, 204)


def test_upsert_is_207_with_one_result_each(seen: dict[str, Any]) -> None:
    assert seen["upsert"] == [207, OK, ["error", "INVALID_DATA"], OK]
    assert seen["upsert_hit"] is True


def test_updates_and_their_refusals(seen: dict[str, Any]) -> None:
    assert seen["updated"] == [200, OK, 200, OK]
    assert seen["update_unknown"] == [400, "INVALID_DATA"]
    assert seen["bad_create"] == [400, "MANDATORY_NOT_FOUND"]


def test_deleted_records_lie_in_the_bin(seen: dict[str, Any]) -> None:
    assert seen["deleted"] == [200, OK, 207, ["SUCCESS", "INVALID_DATA"]]
    assert [row[1:] for row in seen["bin"]] == [["recycle", "Ines Round 2"], ["recycle", "Ines Round 1"]]


def test_search_and_coql_find(seen: dict[str, Any]) -> None:
    assert (seen["search"], seen["search_email"]) == (2, 1)
    assert (seen["coql"], seen["coql_joined"]) == (["Round 2"], 3)


def test_a_lead_converts_once(seen: dict[str, Any]) -> None:
    assert seen["converted"] == [200, ["Accounts", "Contacts", "Deals"]]
    assert (seen["converted_again"], seen["converted_listed"]) == (400, 204)


def test_watch_channels_open_change_and_close(seen: dict[str, Any]) -> None:
    assert (seen["watch"], seen["watched"]) == ([201, 2], ["Contacts", "Deals"])
    assert (seen["rewatched"], seen["unwatched"], seen["watch_gone"]) == (200, 200, 204)


def test_refusals_arrive_as_exceptions_of_the_client(seen: dict[str, Any]) -> None:
    assert seen["without_fields"] == [400, "REQUIRED_PARAM_MISSING"]
    assert seen["search_without_term"] == [400, "EXPECTED_PARAM_MISSING"]
    assert seen["coql_wrong"] == [400, "INVALID_QUERY"]
    assert seen["bad_token"] == [401, "INVALID_TOKEN"]
    assert seen["too_many"] == [429, "TOO_MANY_REQUESTS"]
