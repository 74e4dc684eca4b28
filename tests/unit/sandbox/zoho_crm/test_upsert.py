"""Upsert: which record is meant, and which clash is refused."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from twinledger.sandbox.call import Refused
from twinledger.sandbox.zoho_crm import ZohoCrm
from twinledger.sandbox.zoho_crm.answers import ItemError
from twinledger.sandbox.zoho_crm.upsert import Upsert
from twinledger.sandbox.zoho_crm.writer import Writer

Made = Callable[[str], Writer]


@pytest.fixture
def contacts(writer: Made) -> list[str]:
    """Three contacts with e-mail and both unique fields."""
    rows = [
        {"Last_Name": n, "Email": f"{n}@b.example", "FreshBooks_ID": f"fb-{n}", "Ledger_ID": f"l-{n}"}
        for n in "abc"
    ]
    return [str(writer("Contacts").insert(row, "$")["id"]) for row in rows]


def _upsert(crm: ZohoCrm, writer: Made, listed: Any, **given: Any) -> tuple[str, str, str | None]:
    record, action, field = Upsert(crm.org.modules["Contacts"], listed, None).apply(
        writer("Contacts"), given, "$"
    )
    return str(record["id"]), action, field


def test_without_a_list_the_system_field_comes_first(crm: ZohoCrm, writer: Made, contacts: list[str]) -> None:
    assert _upsert(crm, writer, None, Email="A@B.example") == (contacts[0], "update", "Email")
    assert _upsert(crm, writer, None, FreshBooks_ID="fb-b") == (contacts[1], "update", "FreshBooks_ID")


def test_a_system_field_left_out_of_the_list_plays_no_part(
    crm: ZohoCrm, writer: Made, contacts: list[str]
) -> None:
    found, action, _ = _upsert(crm, writer, ["FreshBooks_ID"], Last_Name="new", Email="a@b.example")
    assert (action, found in contacts) == ("insert", False)


def test_unique_fields_outside_the_list_are_still_tried(
    crm: ZohoCrm, writer: Made, contacts: list[str]
) -> None:
    assert _upsert(crm, writer, ["FreshBooks_ID"], Ledger_ID="L-C") == (contacts[2], "update", "Ledger_ID")


def test_a_match_that_collides_elsewhere_is_a_duplicate(
    crm: ZohoCrm, writer: Made, contacts: list[str]
) -> None:
    with pytest.raises(ItemError) as caught:
        _upsert(crm, writer, ["FreshBooks_ID"], FreshBooks_ID="fb-a", Ledger_ID="l-b")
    assert (caught.value.code, caught.value.details["id"]) == ("DUPLICATE_DATA", contacts[1])


def test_two_collisions_are_told_together(crm: ZohoCrm, writer: Made, contacts: list[str]) -> None:
    with pytest.raises(ItemError) as caught:
        _upsert(crm, writer, ["Email"], Email="a@b.example", FreshBooks_ID="fb-b", Ledger_ID="l-c")
    assert caught.value.code == "MULTIPLE_OR_MULTI_ERRORS"
    assert [row["code"] for row in caught.value.details["errors"]] == ["DUPLICATE_DATA"] * 2


def test_an_id_decides_unless_switched(crm: ZohoCrm, writer: Made, contacts: list[str]) -> None:
    given = {"id": contacts[1], "Email": "a@b.example"}
    assert _upsert(crm, writer, ["Email"], **given)[0] == contacts[1]
    crm.world.switches.set("zoho_crm.upsert_id_wins", False)
    assert _upsert(crm, writer, ["Email"], **given)[0] == contacts[0]


def test_a_new_record_needs_its_mandatory_fields(crm: ZohoCrm, writer: Made) -> None:
    with pytest.raises(ItemError) as caught:
        _upsert(crm, writer, None, Email="new@b.example")
    assert caught.value.code == "MANDATORY_NOT_FOUND"


def test_only_check_and_unique_fields_may_be_listed(crm: ZohoCrm) -> None:
    with pytest.raises(Refused) as caught:
        Upsert(crm.org.modules["Contacts"], ["Phone"], None)
    assert orjson.loads(caught.value.reply.body)["details"]["json_path"] == "$.duplicate_check_fields[0]"


def test_a_deleted_record_is_no_duplicate(crm: ZohoCrm, writer: Made, contacts: list[str]) -> None:
    writer("Contacts").delete(contacts[0], "$")
    found, action, _ = _upsert(crm, writer, None, Last_Name="again", FreshBooks_ID="fb-a")
    assert (action, found in contacts) == ("insert", False)
