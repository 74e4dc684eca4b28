"""COQL answers: filters, order and joins over records, whatever index serves them."""

from collections.abc import Callable

import pytest

from twinledger.sandbox.zoho_crm import ZohoCrm
from twinledger.sandbox.zoho_crm.coql_parser import parse
from twinledger.sandbox.zoho_crm.coql_run import run
from twinledger.sandbox.zoho_crm.writer import Writer

NAMES = ("Amélie", "Björn", "amos", "Zoë", "Noor")


@pytest.fixture
def names(crm: ZohoCrm, writer: Callable[[str], Writer]) -> Callable[[str], list[str]]:
    account = writer("Accounts").insert({"Account_Name": "Harbor"}, "$")
    for number, name in enumerate(NAMES):
        values: dict[str, object] = {
            "Last_Name": name,
            "FreshBooks_ID": f"fb-{number}",
            "Title": "Cook" if number % 2 else None,
        }
        if number < 2:
            values["Account_Name"] = {"id": account["id"]}
        writer("Contacts").insert(values, "$")
        crm.world.clock.advance(10)
    contacts = crm.org.modules["Contacts"]

    def answer(rest: str) -> list[str]:
        query = parse(f"select Last_Name from Contacts where {rest}")
        return [record["Last_Name"] for record in run(contacts, query)]

    return answer


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("id > 0", list(NAMES)),
        ("id > 0 order by id desc", list(NAMES)[::-1]),
        ("Last_Name = 'AMOS'", ["amos"]),
        ("Last_Name like 'am%'", ["Amélie", "amos"]),
        ("Last_Name not like '%o%'", ["Amélie", "Björn"]),
        ("Title is null", ["Amélie", "amos", "Noor"]),
        ("Title is not null order by Last_Name desc", ["Zoë", "Björn"]),
        ("FreshBooks_ID in ('fb-3', 'FB-0')", ["Amélie", "Zoë"]),
        ("FreshBooks_ID not in ('fb-3', 'fb-0')", ["Björn", "amos", "Noor"]),
        ("Account_Name.Account_Name = 'harbor'", ["Amélie", "Björn"]),
        ("(Title = 'Cook' or Last_Name = 'Noor')", ["Björn", "Zoë", "Noor"]),
        ("Modified_Time >= '2026-03-02T09:00:20Z' order by Modified_Time asc", ["amos", "Zoë", "Noor"]),
        ("Created_Time between '2026-03-02T09:00:10Z' and '2026-03-02T01:00:20-08:00'", ["Björn", "amos"]),
        ("Modified_Time < '2026-03-02T09:00:20Z' order by Last_Name desc", ["Björn", "Amélie"]),
    ],
)
def test_finds_in_order(names: Callable[[str], list[str]], rest: str, expected: list[str]) -> None:
    assert names(rest) == expected


def test_deleted_records_are_gone(
    crm: ZohoCrm, names: Callable[[str], list[str]], writer: Callable[[str], Writer]
) -> None:
    gone = crm.org.modules["Contacts"].find("FreshBooks_ID", "fb-0")[0]
    writer("Contacts").delete(gone, "$")
    assert names("FreshBooks_ID = 'fb-0'") == []
    assert "Amélie" not in names("id > 0")
