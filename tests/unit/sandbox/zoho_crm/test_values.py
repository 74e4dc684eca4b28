"""Whatever a client sends as a value is kept and shown again, or refused: nothing in between."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twinledger.sandbox.zoho_crm import ZohoCrm
from twinledger.sandbox.zoho_crm.answers import ItemError
from twinledger.sandbox.zoho_crm.field_tables import TABLES
from twinledger.sandbox.zoho_crm.values import clean_value
from twinledger.sandbox.zoho_crm.writer import Writer

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(
        ["", " ", "2026-02-30", "2026-03-05", "9999-12-31T23:59:59-12:00", "a@b.c", "+1 207", "1" * 30]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        st.sampled_from(["id", "name"]), st.one_of(st.none(), st.integers(), st.text(max_size=5))
    ),
)


@pytest.mark.parametrize("module", ["Leads", "Contacts", "Accounts", "Deals"])
def test_a_value_is_kept_or_refused(crm: ZohoCrm, writer: Callable[[str], Writer], module: str) -> None:
    names = [field.api_name for field in TABLES[module]]
    base: dict[str, Any] = {"Last_Name": "x", "Account_Name": "x", "Deal_Name": "x", "Stage": "Qualification"}
    base = {name: value for name, value in base.items() if module_takes(module, name)}

    @given(name=st.sampled_from(names), value=ODD)
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(name: str, value: Any) -> None:
        try:
            record = writer(module).insert({**base, name: value}, "$")
        except ItemError as fault:
            assert fault.code in {"INVALID_DATA", "MANDATORY_NOT_FOUND", "MAPPING_MISMATCH"}
            orjson.dumps(fault.row())
            return
        shown = crm.org.modules[module].show(crm.org.modules[module].living(record["id"]) or {})
        assert orjson.loads(orjson.dumps(shown))["id"] == record["id"]

    holds()


def module_takes(module: str, name: str) -> bool:
    return any(field.api_name == name and field.lookup is None for field in TABLES[module])


@pytest.mark.parametrize(
    ("name", "given_value", "kept"),
    [
        ("Last_Name", "  Moreau ", "Moreau"),
        ("First_Name", "   ", None),
        ("Email", "Ines@B.Example", "Ines@B.Example"),
        ("Phone", 12075550101, "12075550101"),
        ("Lead_Source", "-None-", None),
        ("Date_of_Birth", "1980-05-06", "1980-05-06"),
    ],
)
def test_what_zoho_does_to_a_value(crm: ZohoCrm, name: str, given_value: Any, kept: Any) -> None:
    field = crm.org.modules["Contacts"].fields[name]
    assert clean_value(crm.org, field, given_value, "$") == kept
