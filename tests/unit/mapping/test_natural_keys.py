"""References by content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinledger.mapping.natural_keys import natural_key, parse_natural_key


def test_plain_names_stay_readable() -> None:
    assert natural_key("tax", {"name": "Sales Tax", "percent": "5.5"}) == "tax?name=Sales Tax&percent=5.5"


@given(name=st.text(), percent=st.text())
def test_every_content_comes_back(name: str, percent: str) -> None:
    values = {"name": name, "percent": percent}
    assert parse_natural_key(natural_key("tax", values)) == ("tax", values)


@pytest.mark.parametrize(
    "text", ["freshbooks.client/24018", "entity:00000000-0000-0000-0000-000000000001", "x/y?z=1", ""]
)
def test_other_references_are_none(text: str) -> None:
    assert parse_natural_key(text) is None
