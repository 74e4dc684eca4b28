"""PyPI arcade-zoho-books-api, zohopy and pyzohoapi, unpatched, against Books and Inventory."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.sandbox.client_environment import python_of, running_sandbox

HERE = Path(__file__).parent
VENDORS = ("--vendors", "zoho_accounts,zoho_books,zoho_inventory", "--customers", "0")


def _round(folder: Path, requirement: str, script: str, *switches: str) -> dict[str, Any]:
    python = python_of(requirement)
    given = [part for switch in switches for part in ("--switch", switch)]
    with running_sandbox(folder, *VENDORS, *given) as urls:
        done = subprocess.run([python, HERE / script, urls], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def arcade(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The client sends `Bearer`, which Zoho is said to refuse: a switch."""
    folder = tmp_path_factory.mktemp("arcade")
    bearer = "zoho_accounts.accepts_bearer=true"
    return _round(folder, "arcade-zoho-books-api==0.1.1", "zoho_books_arcade_round.py", bearer)


@pytest.fixture(scope="module")
def zohopy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _round(tmp_path_factory.mktemp("zohopy"), "zohopy==0.2.0", "zoho_finance_zohopy_round.py")


@pytest.fixture(scope="module")
def pyzohoapi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Its two known faults need two switches."""
    folder = tmp_path_factory.mktemp("pyzohoapi")
    switches = ("zoho_books.rate_headers=true", "zoho_books.put_needs_required=false")
    return _round(folder, "pyzohoapi==1.0.0", "zoho_finance_pyzohoapi_round.py", *switches)


def test_arcade_creates_contact_item_invoice_payment_and_order(arcade: dict[str, Any]) -> None:
    assert arcade["contact"] == [0, "The contact has been created", "ana@harbor.example"]
    assert arcade["upserts"] == ["Contact has been updated successfully", 1]
    assert arcade["item"] == ["The item has been added.", 95.5]
    assert arcade["invoice"] == ["The invoice has been created.", "FB-1", 286.5]
    assert arcade["sent"] == "Invoice status has been changed to Sent."
    assert arcade["paid"] == ["The payment has been created.", 0.0]
    assert arcade["order"] == ["Sales Order Created Successfully.", "draft"]


def test_arcade_understands_a_refusal(arcade: dict[str, Any]) -> None:
    assert '"code":3062' in arcade["duplicate"]


def test_zohopy_pages_and_changes_contacts(zohopy: dict[str, Any]) -> None:
    assert zohopy["pages"] == [2, 2, 1]
    assert zohopy["updated"] == ["Contact has been updated successfully", "n"]
    assert zohopy["inactive"] == "The contact has been marked as inactive."
    assert zohopy["deleted"] == "The contact has been deleted."


def test_zohopy_raises_its_own_errors(zohopy: dict[str, Any]) -> None:
    assert zohopy["gone"][:2] == ["ZohoNotFoundError", 404]
    assert zohopy["invalid"][1] == 400


def test_zohopy_moves_an_invoice_through_its_states(zohopy: dict[str, Any]) -> None:
    assert [zohopy[name] for name in ("sent", "voided", "drafted", "deleted_invoice")] == [
        "Invoice status has been changed to Sent.",
        "Invoice status has been changed to Void.",
        "Status of invoice changed from void to draft",
        "The invoice has been deleted.",
    ]


def test_zohopy_packs_and_ships_in_inventory(zohopy: dict[str, Any]) -> None:
    assert (zohopy["package"], zohopy["order"], zohopy["organizations"]) == ("not_shipped", "fulfilled", 1)


def test_pyzohoapi_reads_and_writes_objects_of_both_products(pyzohoapi: dict[str, Any]) -> None:
    assert pyzohoapi == {
        "created": True,
        "updated": "changed",
        "status": "inactive",
        "found": ["Harbor Bakery"],
        "missing": False,
        "order": ["confirmed", 28.0],
    }
