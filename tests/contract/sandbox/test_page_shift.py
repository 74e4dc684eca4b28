"""The fault `shift`: rows move between two pages of one list, so a reader sees some twice or never."""

from typing import Any

import pytest
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser
from tests.contract.sandbox.zoho_browser import ZohoBrowser


@pytest.mark.parametrize(
    ("rows", "seen"),
    [(1, [6, 5, 4, 4, 3, 2]), (-1, [6, 5, 4, 2, 1]), (-9, [6, 5, 4]), (0, [6, 5, 4, 3, 2, 1])],
)
async def test_the_second_page_begins_elsewhere(
    freshbooks: FreshBooksBrowser, rows: int, seen: list[int]
) -> None:
    made = [await freshbooks.new_client(organization=f"No {n}") for n in range(1, 7)]
    script = {
        "system": "freshbooks",
        "match": {"path": "*/users/clients"},
        "nth": 2,
        "fault": f"shift:{rows}",
    }
    assert (await freshbooks.admin_call("POST", "/faults", script))[0] == 201
    found: list[int] = []
    for page in (1, 2):
        answer = await freshbooks.result("GET", f"users/clients?per_page=3&page={page}")
        found += [each["id"] - made[0] + 1 for each in answer["clients"]]
        assert answer["total"] == 6
    assert found == seen


async def test_the_first_page_and_later_calls_are_as_ever(freshbooks: FreshBooksBrowser) -> None:
    for _ in range(3):
        await freshbooks.new_client()
    script = {"match": {"path": "*/users/clients"}, "times": 1, "fault": "shift:1"}
    await freshbooks.admin_call("POST", "/faults", script)
    pages = [await freshbooks.result("GET", "users/clients?per_page=2") for _ in range(2)]
    assert pages[0] == pages[1]


async def test_crm_pages_by_number_shift_and_by_token_do_not(zoho: ZohoBrowser) -> None:
    records = [{"Last_Name": f"No {n}"} for n in range(1, 5)]
    await zoho.call("POST", "/Contacts", {"data": records})
    path = "/Contacts?fields=Last_Name&per_page=2"
    first = (await zoho.call("GET", path))[1]
    script = {"system": "zoho_crm", "times": 2, "fault": "shift:1"}
    await zoho.admin_call("POST", "/faults", script)
    by_number = (await zoho.call("GET", f"{path}&page=2"))[1]
    by_token = (await zoho.call("GET", f"{path}&page_token={first['info']['next_page_token']}"))[1]
    assert _names(by_number) == ["No 3", "No 2"]
    assert _names(by_token) == ["No 2", "No 1"]


def _names(page: Any) -> list[str]:
    return [each["Last_Name"] for each in page["data"]]
