"""Zoho CRM records of the sandbox: lists, results per record, refusals and their order."""

from typing import Any

import pytest
from tests.contract.sandbox.zoho_browser import ZohoBrowser


async def _one(zoho: ZohoBrowser, path: str, *records: Any, method: str = "POST", **more: Any) -> Any:
    status, body = await zoho.call(method, path, {"data": list(records), **more})
    return status, body["data"][0] if "data" in body else body


async def test_a_record_reads_back_with_all_fields_and_the_offset(zoho: ZohoBrowser) -> None:
    account = await zoho.create("Accounts", Account_Name="  Harbor Bakery ")
    contact = await zoho.create(
        "Contacts", Last_Name="Moreau", First_Name="Ines", Account_Name={"id": int(account)}
    )
    status, body = await zoho.call("GET", f"/Contacts/{contact}")
    record = body["data"][0]
    assert status == 200
    assert record["Account_Name"] == {"name": "Harbor Bakery", "id": account}
    assert (record["Full_Name"], record["Phone"]) == ("Ines Moreau", None)
    assert record["Owner"]["email"] == "dana@harborworks.example"
    assert record["Modified_Time"] == "2026-03-02T01:00:00-08:00"


async def test_results_stand_in_the_order_of_the_records(zoho: ZohoBrowser) -> None:
    records = [
        {"Last_Name": "A"},
        {"Last_Name": "B", "Phone": "no digits"},
        {"First_Name": "C"},
        {"Last_Name": "D"},
    ]
    status, body = await zoho.call("POST", "/Contacts", {"data": records})
    assert status == 207
    assert [row["code"] for row in body["data"]] == [
        "SUCCESS",
        "INVALID_DATA",
        "MANDATORY_NOT_FOUND",
        "SUCCESS",
    ]
    phone = {"expected_data_type": "phone", "api_name": "Phone", "json_path": "$.data[1].Phone"}
    assert body["data"][1]["details"] == phone
    assert body["data"][0]["details"]["Created_By"] == {"name": "Dana Okafor", "id": "4150868000000225013"}


@pytest.mark.parametrize(
    ("values", "code", "details"),
    [
        ({"Last_Name": "x" * 81}, "INVALID_DATA", {"maximum_length": 80}),
        ({"Last_Name": "x", "Email": "nobody"}, "INVALID_DATA", {"expected_data_type": "email"}),
        ({"Last_Name": "x", "Email_Opt_Out": "yes"}, "INVALID_DATA", {"expected_data_type": "boolean"}),
        ({"Last_Name": "x", "Date_of_Birth": "1/2/80"}, "INVALID_DATA", {"expected_data_type": "date"}),
        (
            {"Last_Name": "x", "Account_Name": {"id": "1"}},
            "INVALID_DATA",
            {"json_path": "$.data[0].Account_Name.id"},
        ),
        ({"Last_Name": "x", "Nothing": 1}, "INVALID_DATA", {"api_name": "Nothing"}),
        ({"Last_Name": None}, "MANDATORY_NOT_FOUND", {"api_name": "Last_Name"}),
    ],
)
async def test_a_bad_value_is_named(
    zoho: ZohoBrowser, values: dict[str, Any], code: str, details: dict[str, Any]
) -> None:
    status, row = await _one(zoho, "/Contacts", values)
    assert (status, row["code"]) == (400, code)
    assert details.items() <= row["details"].items()


async def test_switches_move_unknown_fields_pick_lists_and_read_only_fields(zoho: ZohoBrowser) -> None:
    assert (await _one(zoho, "/Contacts", {"Last_Name": "x", "Lead_Source": "Pigeon", "Full_Name": "y"}))[
        0
    ] == 201
    await zoho.switch("zoho_crm.unknown_field", "ignore")
    assert (await _one(zoho, "/Contacts", {"Last_Name": "x", "Nothing": 1}))[0] == 201
    await zoho.switch("zoho_crm.unknown_picklist", "reject")
    assert (await _one(zoho, "/Contacts", {"Last_Name": "x", "Lead_Source": "Pigeon"}))[0] == 400
    await zoho.switch("zoho_crm.read_only_field", "reject")
    assert (await _one(zoho, "/Contacts", {"Last_Name": "x", "Full_Name": "y"}))[0] == 400


async def test_a_layout_makes_its_mandatory_fields_count(zoho: ZohoBrowser) -> None:
    assert (await _one(zoho, "/Leads", {"Last_Name": "Lead"}))[0] == 201
    status, row = await _one(zoho, "/Leads", {"Last_Name": "Lead", "Layout": {"id": "1"}})
    assert (status, row["details"]["api_name"]) == (400, "Company")


async def test_a_deal_follows_its_stage(zoho: ZohoBrowser) -> None:
    deal = await zoho.create("Deals", Deal_Name="Menu", Stage="Qualification", Amount=200)
    status, row = await _one(zoho, "/Deals", {"id": deal, "Stage": "Nowhere"}, method="PUT")
    assert (status, row["code"], row["details"]["mapped_field"]) == (400, "MAPPING_MISMATCH", "Pipeline")
    assert (await _one(zoho, "/Deals", {"id": deal, "Stage": "Closed Won"}, method="PUT"))[0] == 200
    record = (await zoho.call("GET", f"/Deals/{deal}"))[1]["data"][0]
    assert (record["Probability"], record["Expected_Revenue"]) == (100, 200)


async def test_a_unique_clash_names_the_record_to_adopt(zoho: ZohoBrowser) -> None:
    await zoho.unique_field("Contacts")
    first = await zoho.create("Contacts", Last_Name="A", FreshBooks_ID="fb-1")
    status, row = await _one(zoho, "/Contacts", {"Last_Name": "B", "FreshBooks_ID": "FB-1"})
    assert (status, row["code"]) == (400, "DUPLICATE_DATA")
    assert row["details"]["duplicate_record"]["id"] == row["details"]["id"] == first
    assert row["details"]["duplicate_record"]["module"]["api_name"] == "Contacts"


async def test_a_missing_field_stays_and_null_clears(zoho: ZohoBrowser) -> None:
    contact = await zoho.create("Contacts", Last_Name="A", Phone="123", Email="A@b.example")
    await zoho.call("PUT", f"/Contacts/{contact}", {"data": [{"Phone": None}]})
    record = (await zoho.call("GET", f"/Contacts/{contact}"))[1]["data"][0]
    assert (record["Phone"], record["Email"], record["Last_Name"]) == (None, "A@b.example", "A")


async def test_if_unmodified_since_is_an_optimistic_lock(zoho: ZohoBrowser) -> None:
    contact = await zoho.create("Contacts", Last_Name="A")
    read_at = (await zoho.call("GET", f"/Contacts/{contact}"))[1]["data"][0]["Modified_Time"]
    path, change = f"/Contacts/{contact}", {"data": [{"Title": "x"}]}
    assert (await zoho.call("PUT", path, change, If_Unmodified_Since=read_at))[0] == 200
    await zoho.advance(5)
    await zoho.act("contact", "update", contact, Title="by hand")
    status, body = await zoho.call("PUT", path, change, If_Unmodified_Since=read_at)
    assert (status, body["data"][0]["code"]) == (412, "ALREADY_MODIFIED")
    assert body["data"][0]["details"]["Modified_Time"] == "2026-03-02T01:00:05-08:00"


async def test_an_external_field_addresses_a_record(zoho: ZohoBrowser) -> None:
    await zoho.unique_field("Contacts")
    contact = await zoho.create("Contacts", Last_Name="A", FreshBooks_ID="fb-7")
    header = {"X_EXTERNAL": "Contacts.FreshBooks_ID"}
    assert (await zoho.call("GET", "/Contacts/fb-7", **header))[1]["data"][0]["id"] == contact
    assert (await zoho.call("DELETE", "/Contacts/fb-7", **header))[0] == 200
    assert (await zoho.call("GET", "/Contacts/fb-7", **header))[0] == 400


async def test_lists_demand_fields_and_bound_the_page(zoho: ZohoBrowser) -> None:
    many = ",".join(f"F{n}" for n in range(51))
    for path, code in (
        ("/Contacts", "REQUIRED_PARAM_MISSING"),
        (f"/Contacts?fields={many}", "LIMIT_EXCEEDED"),
        ("/Contacts?fields=Email&per_page=201", "INVALID_DATA"),
        ("/Contacts?fields=Email&page=11", "DISCRETE_PAGINATION_LIMIT_EXCEEDED"),
        ("/Contacts?fields=Email&page=1&page_token=x", "AMBIGUITY_DURING_PROCESSING"),
        ("/Nowhere?fields=Email", "INVALID_MODULE"),
    ):
        status, body = await zoho.call("GET", path)
        assert (status, body["code"]) == (400, code), path


async def test_a_page_token_holds_its_place_its_parameters_and_a_day(zoho: ZohoBrowser) -> None:
    ids = [await zoho.create("Contacts", Last_Name=f"N{n}") for n in range(5)]
    path = "/Contacts?fields=Last_Name&per_page=2"
    _, first = await zoho.call("GET", path)
    await zoho.create("Contacts", Last_Name="newer")
    token = first["info"]["next_page_token"]
    _, second = await zoho.call("GET", f"{path}&page_token={token}")
    assert [row["id"] for row in first["data"] + second["data"]] == ids[:0:-1]
    status, body = await zoho.call("GET", f"/Contacts?fields=Email&per_page=2&page_token={token}")
    assert (status, body["code"]) == (400, "TOKEN_BOUND_DATA_MISMATCH")
    await zoho.advance(86_400)
    await zoho.connect()
    status, body = await zoho.call("GET", f"{path}&page_token={token}")
    assert (status, body["code"]) == (400, "EXPIRED_VALUE")


async def test_modified_since_counts_the_second_itself(zoho: ZohoBrowser) -> None:
    await zoho.create("Contacts", Last_Name="old")
    await zoho.advance(10)
    new = await zoho.create("Contacts", Last_Name="new")
    path = "/Contacts?fields=Last_Name&sort_by=Modified_Time&sort_order=asc"
    _, body = await zoho.call("GET", path, If_Modified_Since="2026-03-02T09:00:10Z")
    assert [row["id"] for row in body["data"]] == [new]
    assert (await zoho.call("GET", path, If_Modified_Since="2026-03-02T09:00:11+00:00"))[0] == 304


async def test_deletions_show_in_their_own_list_only(zoho: ZohoBrowser) -> None:
    contact = await zoho.create("Contacts", Last_Name="Gone")
    await zoho.call("DELETE", f"/Contacts/{contact}")
    assert (await zoho.call("GET", f"/Contacts/{contact}"))[0] == 204
    row = (await zoho.call("GET", "/Contacts/deleted"))[1]["data"][0]
    assert (row["id"], row["display_name"], row["type"]) == (contact, "Gone", "recycle")
    assert (await zoho.act("contact", "restore", contact))[0] == 200
    assert (await zoho.call("GET", f"/Contacts/{contact}"))[0] == 200


async def test_merging_moves_the_contacts_of_the_loser(zoho: ZohoBrowser) -> None:
    winner, loser = [await zoho.create("Accounts", Account_Name=name) for name in ("Harbor", "HARBOR")]
    contact = await zoho.create("Contacts", Last_Name="A", Account_Name=loser)
    assert (await zoho.act("account", "merge", winner, duplicates=[loser]))[0] == 200
    record = (await zoho.call("GET", f"/Contacts/{contact}"))[1]["data"][0]
    assert record["Account_Name"]["id"] == winner
    assert (await zoho.call("GET", f"/Accounts/{loser}"))[0] == 204


async def test_search_lags_and_coql_does_not(zoho: ZohoBrowser) -> None:
    fault = {"system": "zoho_crm", "match": {"method": "POST", "path": "/crm/v8/Contacts"}, "fault": "lag:30"}
    await zoho.admin_call("POST", "/faults", fault)
    await zoho.create("Contacts", Last_Name="Fresh", Email="fresh@b.example")
    search, query = (
        "/Contacts/search?email=fresh@b.example",
        "select id from Contacts where Email = 'fresh@b.example'",
    )
    assert (await zoho.call("GET", search))[0] == 204
    assert (await zoho.call("POST", "/coql", {"select_query": query}))[0] == 200
    await zoho.advance(31)
    assert (await zoho.call("GET", search))[0] == 200


async def test_search_equals_is_loose(zoho: ZohoBrowser) -> None:
    await zoho.create("Accounts", Account_Name="A_B Paper")
    _, body = await zoho.call("GET", "/Accounts/search?criteria=(Account_Name:equals:a-b)")
    assert body["data"][0]["Account_Name"] == "A_B Paper"


async def test_notes_hang_on_a_record(zoho: ZohoBrowser) -> None:
    contact = await zoho.create("Contacts", Last_Name="A")
    note = {"Note_Title": "Call", "Note_Content": "Wants two."}
    assert (await zoho.call("POST", f"/Contacts/{contact}/Notes", {"data": [note]}))[0] == 201
    _, body = await zoho.call("GET", f"/Contacts/{contact}/Notes?fields=Note_Title,Parent_Id")
    assert body["data"][0]["Parent_Id"] == {"name": "A", "id": contact}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "INVALID_DATA"),
        (b"[]", "INVALID_DATA"),
        (b"{}", "MANDATORY_NOT_FOUND"),
        (b'{"data": {}}', "INVALID_DATA"),
        (b'{"data": [1]}', "INVALID_DATA"),
        (b"\xff\xfe", "INVALID_DATA"),
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused(zoho: ZohoBrowser, body: bytes, code: str) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {zoho.token}"}
    url = f"{zoho.urls['api_domain']}/crm/v8/Contacts"
    async with zoho.session.post(url, data=body, headers=headers) as answer:
        found = await answer.json()
    assert answer.status == 400
    assert (found["data"][0] if "data" in found else found)["code"] == code


async def test_more_than_a_hundred_records_are_too_many(zoho: ZohoBrowser) -> None:
    status, body = await zoho.call("POST", "/Contacts", {"data": [{"Last_Name": "x"}] * 101})
    assert (status, body["code"]) == (400, "LIMIT_EXCEEDED")
    assert body["details"] == {"maximum_length": 100, "api_name": "data"}
