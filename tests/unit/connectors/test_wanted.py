"""A grant asks for what the enabled rules and flows do, and for nothing else (SEC-01)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from twinledger.connectors import registry
from twinledger.connectors.wanted import wanted_objects, wanted_operations, wanted_scopes
from twinledger.mapping.definitions import Definitions, load_shipped
from twinledger.mapping.sync_rule import OURS

INFOS = registry.infos()


def only(*rules: str) -> Definitions:
    shipped = load_shipped()
    kept = {name: rule for name, rule in shipped.sync_rules.items() if name in rules}
    return replace(shipped, sync_rules=kept, flows=())


def done_with(definitions: Definitions, name: str, **flows: bool) -> list[str]:
    settings = {"flows": {flow.replace("_", "-"): on for flow, on in flows.items()}}
    return [what for one, what in wanted_operations(definitions, INFOS, settings) if one == name]


def test_what_is_only_observed_is_only_read() -> None:
    rule = load_shipped().sync_rules["sales_order"]
    policy = {name: one for name, one in rule.policy.items() if one.owner != OURS}
    observed = replace(only(), sync_rules={"sales_order": replace(rule, policy=policy)})
    assert done_with(observed, "zoho_books.sales_order") == ["read", "subscribe"]


def test_what_we_own_a_field_of_is_updated_and_never_created() -> None:
    done = done_with(only("sales_order"), "zoho_books.sales_order")
    assert done == ["read", "state", "subscribe", "update"]


def test_what_other_systems_change_is_written() -> None:
    wanted = ["create", "read", "state", "subscribe", "update"]
    assert done_with(only("customer"), "freshbooks.client") == wanted


@pytest.mark.control("SEC-01")
def test_a_flow_makes_its_target_where_it_is_enabled() -> None:
    definitions = replace(only("sales_order"), flows=load_shipped().flows)
    assert "create" in done_with(definitions, "freshbooks.invoice", sales_order_to_invoice=True)
    off = {flow.name.replace("-", "_"): False for flow in load_shipped().flows}
    assert done_with(definitions, "freshbooks.invoice", **off) == []
    assert "freshbooks.invoice" in wanted_objects(definitions)


@pytest.mark.control("SEC-01")
def test_a_rule_that_is_off_asks_for_nothing() -> None:
    all_of_it = wanted_scopes("zoho", wanted_operations(load_shipped(), INFOS, {}), INFOS)
    without = wanted_scopes("zoho", wanted_operations(only("item"), INFOS, {}), INFOS)
    assert not [scope for scope in without if "contacts" in scope or "ZohoCRM" in scope]
    assert {*without} < {*all_of_it}


@pytest.mark.control("SEC-01")
@pytest.mark.parametrize("platform", ["freshbooks", "zoho"])
def test_nothing_is_asked_for_that_opens_everything(platform: str) -> None:
    scopes = wanted_scopes(platform, wanted_operations(load_shipped(), INFOS, {}), INFOS)
    assert scopes
    for scope, askers in scopes.items():
        assert not scope.lower().endswith((".all", ".delete")), scope
        assert askers


def test_other_platforms_are_left_out() -> None:
    scopes = wanted_scopes("freshbooks", wanted_operations(load_shipped(), INFOS, {}), INFOS)
    assert all(scope.startswith("user:") for scope in scopes)


@pytest.mark.control("SEC-01")
def test_a_second_product_that_is_connected_is_heard_and_read_and_never_written() -> None:
    shipped = load_shipped()
    assert done_with(shipped, "zoho_inventory.item") == ["read", "subscribe"]
    without = wanted_scopes("zoho", wanted_operations(shipped.without({"zoho_inventory"}), INFOS, {}), INFOS)
    together = wanted_scopes("zoho", wanted_operations(shipped, INFOS, {}), INFOS)
    added = {*together} - {*without}
    assert "ZohoInventory.salesorders.READ" in added
    assert "ZohoInventory.salesorders.CREATE" not in added
    assert [scope for scope in added if not scope.startswith("ZohoInventory.")] == []
