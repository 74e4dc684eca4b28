"""npm @freshbooks/api 4.1.0 and @zohocrm/nodejs-sdk-8.0 2.0.0, unpatched, against the sandbox."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.sandbox.client_environment import running_sandbox
from tests.gate.node_environment import node, node_client

HERE = Path(__file__).parent
OK = ["success", "SUCCESS"]


def _round(folder: Path, requirement: str, script: str, vendors: str, *more: str) -> dict[str, Any]:
    client = node_client(requirement)
    with running_sandbox(folder, "--vendors", vendors, "--customers", "0") as urls:
        command = [node(), str(HERE / script), str(urls), str(client), *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def freshbooks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("freshbooks")
    return _round(folder, "@freshbooks/api@4.1.0", "freshbooks_node_round.js", "freshbooks")


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder, resources = tmp_path_factory.mktemp("crm"), tmp_path_factory.mktemp("resources")
    vendors = "zoho_accounts,zoho_crm"
    return _round(folder, "@zohocrm/nodejs-sdk-8.0@2.0.0", "zoho_crm_node_round.mjs", vendors, str(resources))


def test_freshbooks_tokens_rotate_and_name_the_account(freshbooks: dict[str, Any]) -> None:
    assert freshbooks["rotated"] is True
    assert len(freshbooks["me"][0]) == 6
    assert (freshbooks["spent"][0], freshbooks["badToken"]) == ("400", "401")


def test_freshbooks_clients_page_search_sort_change_and_go(freshbooks: dict[str, Any]) -> None:
    assert freshbooks["page"] == [2, 3, 2]
    assert (freshbooks["byEmail"], freshbooks["sorted"]) == (["Node 1"], ["Node 0", "Node 1", "Node 2"])
    assert (freshbooks["updated"], freshbooks["deleted"]) == ("seen", 1)
    assert freshbooks["updatedAt"] < 120_000, "milliseconds off: the client reads US/Eastern as we write it"
    assert freshbooks["unknown"] == ["404", [1012]]


def test_freshbooks_invoices_follow_their_payments(freshbooks: dict[str, Any]) -> None:
    assert (freshbooks["invoice"], freshbooks["invoiceChanged"]) == ([42, "draft", 1], [84, "thanks"])
    assert freshbooks["payment"] == 84
    assert (freshbooks["invoicePaid"], freshbooks["invoiceUnpaid"]) == ("paid", "unpaid")
    assert (freshbooks["invoiceRefused"], freshbooks["invoiceDeleted"]) == (["422", [1001]], 1)


def test_freshbooks_known_fault_of_the_client_shows(freshbooks: dict[str, Any]) -> None:
    """It wraps a credit note in `credit_notes` (dist/models/CreditNote.js): no field of it arrives."""
    assert freshbooks["creditNote"] == ["422", [1001, 1001]]


def test_crm_records_are_created_paged_and_read(crm: dict[str, Any]) -> None:
    assert (crm["account"], crm["created"]) == ([201, OK], [201, OK, OK, OK])
    assert crm["paged"] == [True, False, 2, 1]
    assert (crm["one"], crm["nothing"]) == (["Ines Node 0", "Node & Sons"], 204)


def test_crm_upserts_updates_and_refuses_record_by_record(crm: dict[str, Any]) -> None:
    assert crm["upsert"] == [207, OK, ["error", "INVALID_DATA"], True]
    assert crm["updated"] == [200, OK]
    assert crm["missing"] == [400, ["error", "MANDATORY_NOT_FOUND"]]


def test_crm_finds_deletes_and_keeps_the_bin(crm: dict[str, Any]) -> None:
    assert (crm["search"], crm["coql"]) == (["Node 1"], ["Node 1"])
    assert (crm["deleted"], crm["bin"]) == ([200, OK], ["Ines Node 2"])
    assert crm["badToken"] == [401, "INVALID_TOKEN"]
