"""A sync rule in a workspace that lacks a system, and of records that two products show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from twinledger.mapping.definitions import load_shipped, load_sync_rule, shipped_files
from twinledger.mapping.errors import DefinitionError
from twinledger.mapping.field_policy import FieldPolicy

ITEM = """\
sync: item
systems:
  zoho_books.item: {}
  zoho_inventory.item: {shares: SHOWN}
policy: {name: lww, description: lww, unit_price: lww, currency: lww, sku: lww, state: lww}
"""


def test_what_a_second_product_shows_is_heard_of_there_and_held_here() -> None:
    shipped = load_shipped()
    assert shipped.shared == {
        "zoho_inventory.item": "zoho_books.item",
        "zoho_inventory.sales_order": "zoho_books.sales_order",
    }
    rule = shipped.sync_rules["item"]
    assert tuple(rule.systems) == rule.targets({}) == ("freshbooks.item", "zoho_books.item")


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("zoho_books.contact", "zoho_books.contact is no line of the rule"),
        ("zoho_inventory.item", "zoho_inventory.item is no line of the rule"),
    ],
)
def test_a_line_shares_only_what_another_line_holds(tmp_path: Path, shown: str, words: str) -> None:
    path = tmp_path / "item.yaml"
    path.write_text(ITEM.replace("SHOWN", shown))
    with pytest.raises(DefinitionError, match=words) as caught:
        load_sync_rule(path, load_shipped().mappings)
    assert caught.value.field == "systems.zoho_inventory.item.shares"


def test_a_line_shares_with_another_product(tmp_path: Path) -> None:
    shipped = next(path for path in shipped_files("definitions/sync") if path.name == "customer.yaml")
    path = tmp_path / "customer.yaml"
    text = shipped.read_text()
    path.write_text(text.replace("""{when: "name.family != ''"}""", "{shares: zoho_crm.account}"))
    with pytest.raises(DefinitionError, match="an object of another product"):
        load_sync_rule(path, load_shipped().mappings)


def test_a_line_that_shares_has_a_mapping_of_the_entity(tmp_path: Path) -> None:
    path = tmp_path / "item.yaml"
    path.write_text(ITEM.replace("zoho_inventory.item: {shares: SHOWN}", "zoho_books.tax: {shares: x.y}"))
    with pytest.raises(DefinitionError, match=r"no mapping of zoho_books\.tax to item"):
        load_sync_rule(path, load_shipped().mappings)


def test_without_a_system_its_lines_its_flows_and_its_ownership_are_gone() -> None:
    shipped = load_shipped()
    rule = shipped.sync_rules["item"]
    owned = {"name": FieldPolicy("owner", "freshbooks"), "sku": FieldPolicy("owner", "zoho_books")}
    changed = replace(rule, policy={**rule.policy, **owned})
    definitions = replace(shipped, sync_rules={**shipped.sync_rules, "item": changed})
    left = definitions.without({"freshbooks", "zoho_inventory"})
    item = left.sync_rules["item"]
    assert tuple(item.systems) == ("zoho_books.item",)
    assert left.shared == {}
    assert (item.policy["name"], item.policy["sku"]) == (FieldPolicy("lww"), owned["sku"])
    assert left.flows == ()
    assert definitions.without(frozenset()) is definitions
