"""FreshBooks' oddities in the sandbox: error bodies, PUT phases, filters, times. Sheet 3 to 5, 7."""

import pytest
from tests.contract.sandbox.freshbooks_browser import FreshBooksBrowser


async def test_error_bodies_of_each_family(freshbooks: FreshBooksBrowser) -> None:
    api, business = freshbooks.urls["api"], freshbooks.business
    status, body = await freshbooks.call("GET", "users/clients/1")
    wanted = {
        "errno": 1012,
        "field": "userid",
        "message": "Client not found.",
        "object": "client",
        "value": "1",
    }
    assert (status, body) == (404, {"response": {"errors": [wanted]}})
    status, body = await freshbooks.call("GET", f"{api}/projects/business/{business}/project/1")
    assert (status, body) == (404, {"error": "Requested resource could not be found."})
    status, body = await freshbooks.call(
        "POST", f"{api}/projects/business/{business}/project", {"project": {}}
    )
    assert (status, body) == (422, {"errno": 2001, "error": {"title": "field required"}})
    status, body = await freshbooks.call("GET", f"{freshbooks.events}/1")
    assert (status, body) == (404, {"errno": 404, "message": "Requested resource could not be found."})


async def test_a_newer_api_version_changes_the_error_body(freshbooks: FreshBooksBrowser) -> None:
    status, body = await freshbooks.call("GET", "users/clients/1", X_API_VERSION="2023-02-20")
    assert (status, body["code"], body["details"][0]["reason"]) == (404, 5, "1012")
    assert body["details"][0]["metadata"]["message"] == "Client not found."


async def test_a_wrong_id_kind_is_a_404(freshbooks: FreshBooksBrowser) -> None:
    api = freshbooks.urls["api"]
    url = f"{api}/accounting/account/{freshbooks.business}/users/clients"
    assert (await freshbooks.call("GET", url))[0] == 404


async def test_vis_state_drops_the_other_fields_of_a_put(freshbooks: FreshBooksBrowser) -> None:
    client = await freshbooks.new_client(note="old")
    result = await freshbooks.result(
        "PUT", f"users/clients/{client}", {"client": {"vis_state": 0, "note": "new"}}
    )
    assert result["client"]["note"] == "old"
    result = await freshbooks.result("PUT", f"users/clients/{client}", {"client": {"note": "new"}})
    assert (result["client"]["note"], result["client"]["organization"]) == ("new", "Harbor")


async def test_lists_hold_active_and_archived_but_not_deleted(freshbooks: FreshBooksBrowser) -> None:
    numbers = [await freshbooks.new_client() for _ in range(3)]
    for number, state in zip(numbers[1:], (1, 2), strict=True):
        await freshbooks.call("PUT", f"users/clients/{number}", {"client": {"vis_state": state}})
    listed = await freshbooks.result("GET", "users/clients")
    assert [row["id"] for row in listed["clients"]] == [numbers[2], numbers[0]]
    deleted = await freshbooks.result("GET", "users/clients?search[vis_state]=1")
    assert [row["id"] for row in deleted["clients"]] == [numbers[1]]
    assert (await freshbooks.result("GET", f"users/clients/{numbers[1]}"))["client"]["vis_state"] == 1


@pytest.mark.parametrize(
    ("query", "page", "per_page"),
    [("", 1, 15), ("?per_page=500", 1, 100), ("?page=0", 1, 15), ("?page=9", 9, 15)],
)
async def test_paging(freshbooks: FreshBooksBrowser, query: str, page: int, per_page: int) -> None:
    await freshbooks.new_client()
    listed = await freshbooks.result("GET", "users/clients" + query)
    assert (listed["page"], listed["per_page"], listed["total"], listed["pages"]) == (page, per_page, 1, 1)


async def test_a_page_that_is_no_number_is_refused(freshbooks: FreshBooksBrowser) -> None:
    for query, errno in (("page=x", 1014), ("per_page=-1", 1013)):
        status, body = await freshbooks.call("GET", f"users/clients?{query}")
        assert (status, body["response"]["errors"][0]["errno"]) == (422, errno)


async def test_unknown_filters_are_ignored_and_max_is_strict(freshbooks: FreshBooksBrowser) -> None:
    await freshbooks.new_client()  # the virtual clock stands at 2026-03-02 04:00 Eastern
    for query, total in (
        ("search[nothing]=1", 1),
        ("search[updated_min]=2026-03-02", 1),
        ("search[updated_min]=2026-03-03", 0),
        ("search[updated_max]=2026-03-02", 0),
        ("search[updated_max]=2026-03-03", 1),
    ):
        assert (await freshbooks.result("GET", f"users/clients?{query}"))["total"] == total, query


async def test_times_are_eastern_without_a_zone_but_signup_is_utc(freshbooks: FreshBooksBrowser) -> None:
    client = await freshbooks.new_client()
    record = (await freshbooks.result("GET", f"users/clients/{client}"))["client"]
    assert (record["signup_date"], record["updated"]) == ("2026-03-02 09:00:00", "2026-03-02 04:00:00")


async def test_invoice_lists_have_no_lines_without_the_include(freshbooks: FreshBooksBrowser) -> None:
    client = await freshbooks.new_client()
    line = {"name": "a", "qty": 2, "unit_cost": {"amount": "150.00", "code": "USD"}}
    body = {"customerid": client, "create_date": "2026-03-05", "due_offset_days": 30, "lines": [line]}
    made = await freshbooks.result("POST", "invoices/invoices", {"invoice": body})
    assert made["invoice"]["due_date"] == "2026-04-04"
    bare = await freshbooks.result("GET", "invoices/invoices")
    assert "lines" not in bare["invoices"][0]
    full = await freshbooks.result("GET", "invoices/invoices?include[]=lines")
    assert full["invoices"][0]["lines"][0]["qty"] == "2"


async def test_status_is_written_as_a_number_between_0_and_3(freshbooks: FreshBooksBrowser) -> None:
    client = await freshbooks.new_client()
    body = {"customerid": client, "create_date": "2026-03-05"}
    for status_value, errno in (("sent", 1015), (4, 1004)):
        wanted = {"invoice": {**body, "status": status_value}}
        status, answer = await freshbooks.call("POST", "invoices/invoices", wanted)
        assert (status, answer["response"]["errors"][0]["errno"]) == (422, errno)


async def test_deleted_clients_get_no_invoices(freshbooks: FreshBooksBrowser) -> None:
    client = await freshbooks.new_client()
    await freshbooks.call("PUT", f"users/clients/{client}", {"client": {"vis_state": 1}})
    body = {"invoice": {"customerid": client, "create_date": "2026-03-05"}}
    status, answer = await freshbooks.call("POST", "invoices/invoices", body)
    assert (status, answer["response"]["errors"][0]["errno"]) == (422, 1011)


async def test_an_overpayment_leaves_a_credit(freshbooks: FreshBooksBrowser) -> None:
    client = await freshbooks.new_client()
    line = {"name": "a", "qty": 1, "unit_cost": {"amount": "10.00"}}
    body = {"customerid": client, "create_date": "2026-03-05", "lines": [line]}
    invoice = (await freshbooks.result("POST", "invoices/invoices", {"invoice": body}))["invoice"]
    paid = {"invoiceid": invoice["id"], "amount": {"amount": "12.50"}, "date": "2026-03-06", "type": "Check"}
    payment = (await freshbooks.result("POST", "payments/payments", {"payment": paid}))["payment"]
    credit = await freshbooks.result("GET", f"credit_notes/credit_notes/{payment['overpaymentid']}")
    after = (await freshbooks.result("GET", f"invoices/invoices/{invoice['id']}"))["invoice"]
    assert credit["credit_note"]["amount"] == {"amount": "2.50", "code": "USD"}
    assert (after["outstanding"]["amount"], after["payment_status"]) == ("0.00", "paid")
    included = await freshbooks.result("GET", f"users/clients/{client}?include[]=credit_balance")
    assert included["client"]["credit_balance"] == [{"amount": {"amount": "2.50", "code": "USD"}}]


async def test_the_staff_list_has_a_singular_key(freshbooks: FreshBooksBrowser) -> None:
    listed = await freshbooks.result("GET", "users/staffs")
    assert "staffs" not in listed
    assert [row["fname"] for row in listed["staff"]] == ["Yuki", "Lou", "Dana"]


async def test_items_can_be_gated_with_http_200(freshbooks: FreshBooksBrowser) -> None:
    await freshbooks.admin_call("PUT", "/switches", {"freshbooks.items_gated": True})
    status, body = await freshbooks.call("GET", "items/items")
    assert (status, body["response"]["errors"][0]["errno"]) == (200, 12001)


async def test_business_filters_are_bare_and_checked(freshbooks: FreshBooksBrowser) -> None:
    url = f"{freshbooks.urls['api']}/timetracking/business/{freshbooks.business}/time_entries"
    status, body = await freshbooks.call("GET", f"{url}?updated_since=x")
    assert (status, body["errno"]) == (422, 2001)
    entry = {"is_logged": True, "duration": 60, "started_at": "2026-03-01T13:00:00Z"}
    await freshbooks.call("POST", url, {"time_entry": entry})
    for query, total in (
        ("search[client_id]=5", 1),
        ("client_id=5", 0),
        ("updated_since=2026-03-02T09:00:00Z", 1),
        ("updated_since=2026-03-02T09:00:01Z", 0),
    ):
        assert (await freshbooks.call("GET", f"{url}?{query}"))[1]["meta"]["total"] == total, query


async def test_a_429_says_when_to_come_back(freshbooks: FreshBooksBrowser) -> None:
    await freshbooks.admin_call("PUT", "/limits", {"system": "freshbooks", "minute": 1})
    await freshbooks.call("GET", "users/clients")
    async with freshbooks.session.get(
        f"{freshbooks.account}/users/clients", headers={"Authorization": f"Bearer {freshbooks.token}"}
    ) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
        assert (await answer.json())["response"]["errors"][0]["errno"] == 429


@pytest.mark.parametrize(
    "body", ["{", '"text"', "[1]", "null", "\x00", '{"client": []}', '{"client": {"fname": {}}}']
)
async def test_bad_bodies_get_the_vendors_own_error(freshbooks: FreshBooksBrowser, body: str) -> None:
    headers = {"Authorization": f"Bearer {freshbooks.token}", "Content-Type": "application/json"}
    async with freshbooks.session.post(
        f"{freshbooks.account}/users/clients", data=body, headers=headers
    ) as answer:
        assert answer.status in {400, 422}
        assert (await answer.json())["response"]["errors"][0]["errno"] in {1005, 1001, 1035}
