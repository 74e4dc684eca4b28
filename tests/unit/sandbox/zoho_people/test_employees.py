"""The employee form in People's envelope (sheet 5)."""

from typing import Any

import pytest
from tests.unit.sandbox.zoho_desk import Desk

from twinledger.sandbox.zoho_people.loose_json import LooseError, parse_loose

NOOR = "{EmployeeID:'E-300',FirstName:'Noor',LastName:'Haddad',EmailID:'noor@firm.example'}"


def test_loose_json_is_read() -> None:
    assert parse_loose("{a:'b c', \"d\": [1, x], 'e':{f:true}}") == {
        "a": "b c",
        "d": ["1", "x"],
        "e": {"f": True},
    }
    assert parse_loose('{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("source", ["{a:", "{'a'}", "[1", "{a:1}x", ":", "", "{" * 50])
def test_what_is_not_even_loosely_json_is_refused(source: str) -> None:
    with pytest.raises(LooseError):
        parse_loose(source)


async def test_insert_search_update(desk: Desk) -> None:
    _, added = await desk.people("POST", "/json/employee/insertRecord", {"inputData": NOOR})
    record_id = added["response"]["result"]["pkId"]
    query: dict[str, Any] = {"SearchColumn": "EMPLOYEEMAILALIAS", "SearchValue": "NOOR@firm.example"}
    _, found = await desk.people("GET", "/employee/getRecords", **query)
    [row] = found["response"]["result"]
    assert row[record_id][0]["Zoho_ID"] == int(record_id)
    _, changed = await desk.people(
        "POST", "/json/P_Employee/updateRecord", inputData='{"Mobile":"555"}', recordId=record_id
    )
    assert changed["response"] == {
        "result": {"pkId": record_id, "message": "Successfully Updated"},
        "message": "Data updated successfully",
        "uri": "/api/forms/json/P_Employee/updateRecord",
        "status": 0,
    }


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/employ/getRecords", {}, 7011),
        ("/employee/getRecords", {"limit": "201"}, 7021),
        ("/employee/getRecords", {"sIndex": "900"}, 7024),
        ("/employee/getRecords", {"modifiedtime": "9999999999999"}, 7024),
        ("/employee/getRecords", {"searchParams": "{searchField:'X',searchText:'a'}"}, 7013),
        ("/employee/getDataByID", {"recordId": "1"}, 7049),
        ("/employee/getDataByID", {}, 7019),
        ("/WrongView/records", {}, 7012),
    ],
)
async def test_refusals_come_with_http_200(desk: Desk, path: str, query: dict[str, Any], code: int) -> None:
    status, answer = await desk.people("GET", path, **query)
    assert (status, answer["response"]["status"], answer["response"]["errors"]["code"]) == (200, 1, code)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("{EmployeeID:'E-101',FirstName:'A',LastName:'B',EmailID:'a@x.example'}", 7051),
        ("{EmployeeID:'E-9',FirstName:'A',LastName:'B',EmailID:'nothing'}", 7053),
        ("{EmployeeID:'E-9',FirstName:'A',LastName:'B'}", 7052),
        ("{EmployeeID:'E-9',Dateofjoining:'32-Feb-2025'}", 7054),
        ("{Nothing:'E-9'}", 7013),
        ("not json: {", 7016),
    ],
)
async def test_values_that_the_form_refuses(desk: Desk, given: str, code: int) -> None:
    _, answer = await desk.people("POST", "/json/employee/insertRecord", {"inputData": given})
    assert answer["response"]["errors"]["code"] == code


async def test_conditions_are_joined_with_a_bar(desk: Desk) -> None:
    active = "{searchField:'Employeestatus',searchOperator:'Is',searchText:'Active'}"
    conditions = active + "|{searchField:'FirstName',searchText:'an'}"
    _, found = await desk.people("GET", "/employee/getRecords", searchParams=conditions)
    names = [record["FirstName"] for row in found["response"]["result"] for [record] in row.values()]
    assert names and all("an" in name.lower() for name in names)


async def test_passing_a_threshold_locks_that_endpoint_for_five_minutes(desk: Desk) -> None:
    await desk.admin_call("PUT", "/limits", {"system": "zoho_people", "minute": 4})
    answers = [(await desk.people("GET", "/employee/getRecords"))[0] for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    assert (await desk.people("GET", "/employee/components"))[0] == 200
    await desk.admin_call("POST", "/clock/advance", {"seconds": 299})
    assert (await desk.people("GET", "/employee/getRecords"))[0] == 429
    await desk.admin_call("POST", "/clock/advance", {"seconds": 2})
    assert (await desk.people("GET", "/employee/getRecords"))[0] == 200


async def test_a_person_ends_an_employment(desk: Desk) -> None:
    _, found = await desk.people("GET", "/P_EmployeeView/records")
    _, answer = await desk.act("employee", "archive", found[0]["recordId"], system="zoho_people")
    assert answer["record"]["Employeestatus"] == "Terminated"
