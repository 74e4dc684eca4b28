"""Contacts: names, persons, lists."""

import pytest
from tests.unit.sandbox.zoho_desk import Desk
from yarl import URL


async def test_names_are_unique_per_type_letter_case_aside(desk: Desk) -> None:
    await desk.customer("Harbor Bakery")
    status, answer = await desk.call("POST", "/contacts", {"contact_name": "HARBOR bakery"})
    assert (status, answer) == (
        400,
        {
            "code": 3062,
            "message": 'The customer "HARBOR bakery" already exists. Please specify a different name.',
        },
    )
    await desk.vendor("Harbor Bakery")
    await desk.switch("zoho_books.names_per_type", False)
    assert (
        await desk.call("POST", "/contacts", {"contact_name": "Harbor Bakery", "contact_type": "vendor"})
    )[0] == 400


async def test_the_row_shows_the_primary_person(desk: Desk) -> None:
    persons = [
        {"first_name": "Ana", "email": "ana@x.example"},
        {"first_name": "Ben", "is_primary_contact": True},
    ]
    contact_id = await desk.customer(contact_persons=persons)
    contact = await desk.read(f"/contacts/{contact_id}", "contact")
    assert (contact["first_name"], contact["email"]) == ("Ben", "")
    kept = contact["contact_persons"][0]["contact_person_id"]
    change = {
        "contact_name": "Harbor Bakery",
        "contact_persons": [{"contact_person_id": kept, "last_name": "Ruiz"}],
    }
    await desk.ok("PUT", f"/contacts/{contact_id}", change)
    contact = await desk.read(f"/contacts/{contact_id}", "contact")
    assert [(each["first_name"], each["last_name"]) for each in contact["contact_persons"]] == [
        ("Ana", "Ruiz")
    ]
    assert (await desk.ok("GET", "/contacts", email="ANA@x.example"))["contacts"][0][
        "contact_id"
    ] == contact_id


async def test_a_contact_with_papers_stays(desk: Desk) -> None:
    contact_id = await desk.customer()
    await desk.invoice(contact_id)
    assert (await desk.call("DELETE", f"/contacts/{contact_id}"))[0] == 400
    marked = await desk.ok("POST", f"/contacts/{contact_id}/inactive")
    assert marked["message"] == "The contact has been marked as inactive."
    assert (await desk.ok("GET", "/contacts", filter_by="Status.Inactive"))["contacts"][0][
        "contact_id"
    ] == contact_id


async def test_merging_moves_the_papers(desk: Desk) -> None:
    source, target = await desk.customer("Double"), await desk.customer("Original")
    invoice_id = await desk.invoice(source)
    status, answer = await desk.act("contact", "merge", source, into=target)
    assert (status, answer["id"]) == (200, target)
    assert (await desk.read(f"/invoices/{invoice_id}", "invoice"))["customer_name"] == "Original"
    assert (await desk.call("GET", f"/contacts/{source}"))[1]["code"] == 1002


async def test_pages_sorting_and_the_watermark(desk: Desk) -> None:
    for number in range(5):
        await desk.customer(f"C{number}")
        await desk.admin_call("POST", "/clock/advance", {"seconds": 1})
    first = await desk.ok("GET", "/contacts", per_page=2, sort_column="last_modified_time", sort_order="D")
    assert [each["contact_name"] for each in first["contacts"]] == ["C4", "C3"]
    assert first["page_context"]["has_more_page"] is True
    last = await desk.ok("GET", "/contacts", per_page=2, page=3)
    assert ([each["contact_name"] for each in last["contacts"]], last["page_context"]["has_more_page"]) == (
        ["C4"],
        False,
    )
    assert (await desk.ok("GET", "/contacts", per_page=500))["page_context"]["per_page"] == 200
    assert "line_items" not in first["contacts"][0] and "billing_address" not in first["contacts"][0]


@pytest.mark.parametrize(
    ("form", "code"), [({"JSONString": '{"contact_name":"F"}'}, 0), ({"contact_name": "F"}, 1038)]
)
async def test_forms_carry_json_or_nothing(desk: Desk, form: dict[str, str], code: int) -> None:
    assert (await desk.call("POST", "/contacts", form=form))[1]["code"] == code


async def test_last_modified_filter_wants_an_encoded_plus(desk: Desk) -> None:
    await desk.invoice(await desk.customer())
    path = f"{desk.urls['api_domain']}/books/v3/invoices?organization_id={desk.organization}"
    auth = {"Authorization": "Zoho-oauthtoken desk-token"}
    for value, status in (("2020-01-01T00:00:00%2B0530", 200), ("2020-01-01T00:00:00+0530", 400)):
        async with desk.session.get(
            URL(f"{path}&last_modified_time={value}", encoded=True), headers=auth
        ) as answer:
            assert answer.status == status
