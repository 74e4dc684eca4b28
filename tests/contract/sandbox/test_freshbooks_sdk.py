"""PyPI freshbooks-sdk 1.3.0, unpatched, against the sandbox: a whole round in its own environment."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.sandbox.client_environment import python_of, running_sandbox

ROUND = Path(__file__).with_name("freshbooks_sdk_round.py")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    python = python_of("freshbooks-sdk==1.3.0")
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--vendors", "freshbooks") as urls:
        done = subprocess.run([python, ROUND, urls], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_tokens_rotate_and_a_spent_one_is_refused(seen: dict[str, Any]) -> None:
    assert (seen["rotated"], seen["account"]) == (True, True)
    assert seen["spent_token"][0] == 400
    assert seen["bad_token"][0] == 401


def test_clients_list_page_filter_sort_and_delete(seen: dict[str, Any]) -> None:
    assert seen["clients_page"] == [2, 3, 2]
    assert (seen["client_by_email"], seen["clients_by_id"], seen["client_note"]) == ("Round 1", 2, "seen")
    assert all(seen[key] for key in ("clients_sorted", "unknown_filter_ignored", "updated_min"))
    assert (seen["client_deleted"], seen["client_unknown"][:2]) == (1, [404, 1012])


def test_invoices_compute_send_and_follow_their_payments(seen: dict[str, Any]) -> None:
    assert seen["invoice"] == ["41.94", "-4.40", "draft", 2]
    assert (seen["invoice_sent"], seen["invoice_partial"]) == ("sent", "partial")
    assert (seen["invoice_paid"], seen["invoice_unpaid"], seen["invoice_deleted"]) == ("0.00", "unpaid", True)
    assert seen["invoice_refused"] == [422, 1001, "'customerid' is a required field."]
    assert seen["due_date_refused"][:2] == [403, 1038]


def test_items_and_taxes(seen: dict[str, Any]) -> None:
    assert seen["item_by_sku"] is True
    assert seen["tax_gone"][:2] == [404, 1012]


def test_expenses_and_bills(seen: dict[str, Any]) -> None:
    assert (seen["expense"], seen["expense_deleted"]) == (["84.20", "Casco"], 1)
    assert (seen["bill"], seen["bill_paid"]) == ("170.00", "paid")


def test_projects_time_and_services(seen: dict[str, Any]) -> None:
    assert (seen["project_list"], seen["project_title"]) == (1, "Round two")
    assert seen["project_gone"][0] == 404
    assert (seen["time_entry"], seen["time_entry_refused"][:2]) == (5400, [422, 2001])
    assert seen["service_task"] == "Round service"


def test_callbacks(seen: dict[str, Any]) -> None:
    assert (seen["callback"], seen["callbacks_left"]) == (["invoice", False], 0)
    assert (seen["callback_wrong_event"][0], seen["callback_wrong_code"][0]) == (422, 422)


def test_the_sdks_known_fault_shows(seen: dict[str, Any]) -> None:
    """It looks for `staffs` (client.py, `staff`); the list comes back as `staff`: no row is found."""
    assert seen["staff_rows"] == 0
