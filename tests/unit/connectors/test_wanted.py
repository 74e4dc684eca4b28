"""What a grant has to allow: no more than the shipped rules and flows do."""

from __future__ import annotations

import pytest

from twinledger.connectors import registry
from twinledger.connectors.wanted import wanted_operations
from twinledger.mapping.definitions import load_shipped


@pytest.mark.parametrize("name", ["zoho_books.sales_order", "zoho_crm.deal"])
def test_what_flows_write_back_needs_updates_and_no_creates(name: str) -> None:
    wanted = wanted_operations(load_shipped(), registry.infos())
    asked = {operation for object_name, operation in wanted if object_name == name}
    assert {"read", "subscribe", "update"} <= asked
    assert "create" not in asked
