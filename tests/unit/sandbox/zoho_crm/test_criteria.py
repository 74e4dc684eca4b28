"""Search criteria: brackets, escapes, operators, and equals that is contains."""

from collections.abc import Callable

import pytest

from twinledger.sandbox.call import Refused
from twinledger.sandbox.zoho_crm import ZohoCrm
from twinledger.sandbox.zoho_crm.criteria import parse_criteria
from twinledger.sandbox.zoho_crm.writer import Writer


@pytest.fixture
def holds(crm: ZohoCrm, writer: Callable[[str], Writer]) -> Callable[[str], bool]:
    account = writer("Accounts").insert({"Account_Name": "Blue Heron"}, "$")
    values = {
        "Last_Name": "van der Berg",
        "Email": "Ines.Moreau@b.example",
        "Title": "Head (acting)",
        "Account_Name": account["id"],
        "Date_of_Birth": "1980-05-06",
    }
    record = writer("Contacts").insert(values, "$")
    contacts = crm.org.modules["Contacts"]
    return lambda text: parse_criteria(contacts, text).holds(record)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(Last_Name:equals:der)", True),
        ("(Last_Name:equals:van-der)", True),
        ("(Last_Name:starts_with:van)", True),
        ("(Last_Name:starts_with:Berg)", False),
        ("(Last_Name:not_equal:van der Berg)", False),
        ("(Email:equals:INES.MOREAU@b.example)", True),
        ("(Email:in:a@b.c,ines.moreau@b.example)", True),
        (r"(Title:equals:Head \(acting\))", True),
        ("((Last_Name:equals:Berg) and (Title:equals:Cook))", False),
        ("((Last_Name:equals:Berg)or(Title:equals:Cook))", True),
        ("(Account_Name:equals:heron)", True),
        ("(Date_of_Birth:between:1980-01-01,1980-12-31)", True),
        ("(Date_of_Birth:greater_than:1980-05-06)", False),
        ("(Modified_Time:greater_equal:2026-03-02T09:00:00+00:00)", True),
    ],
)
def test_holds(holds: Callable[[str], bool], text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "Last_Name:equals:x",
        "(Last_Name:equals:x",
        "(Nothing:equals:x)",
        "(Last_Name:sounds_like:x)",
        "(Last_Name)",
        "((Last_Name:equals:a) and (Email:equals:b) or (Title:equals:c))",
        "(Modified_Time:equals:yesterday)",
        "(" + " and ".join(["(Last_Name:equals:x)"] * 11) + ")",
    ],
)
def test_refuses_what_it_cannot_read(holds: Callable[[str], bool], text: str) -> None:
    with pytest.raises(Refused):
        holds(text)
