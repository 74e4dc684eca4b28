"""Flow files that are wrong are told where; switches and who may write back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from tests.unit.mapping.order_flow import order_flow

from twinledger.mapping.definitions import load_shipped, refuse_shared_back
from twinledger.mapping.errors import DefinitionError, MappingError
from twinledger.mapping.flow import Flow
from twinledger.mapping.sync_rule import FieldPolicy
from twinledger.mapping.yaml_source import Problem

SUMMED = {"quantity": {"value": 1}, "unit_price": {"aggregate": "sum", "path": "amount"}}
AT_A_PRICE = {"quantity": {"aggregate": "sum", "path": "quantity"}, "unit_price": {"path": "unit_price"}}

SOLD = {"item": "entity:i", "quantity": "2", "unit_price": "5", "tax": None}


def lines(fields: dict[str, Any], *group_by: str, **more: Any) -> dict[str, Any]:
    return {"fields": {"lines": {"each": "lines", "fields": fields, "group_by": list(group_by), **more}}}


@pytest.mark.parametrize(
    ("derive", "place", "words"),
    [
        (lines({"tax": {"ref": "tax"}}, "name"), "lines.fields.tax", "differs in a group"),
        (lines({"item": {"aggregate": "first", "ref": "item"}}, "tax"), "lines.fields.item", "differs"),
        (lines({"unit_price": {"path": "unit_price"}}, "tax"), "lines.fields.unit_price", "differs"),
        (lines({"unit_price": {"aggregate": "max", "path": "unit_price"}}, "tax"), "unit_price", "differs"),
        (lines(SUMMED | {"quantity": {"value": 2}}, "tax"), "lines.fields.quantity", "differs"),
        (lines(AT_A_PRICE, "tax"), "lines.fields.unit_price", "differs"),
        (lines(SUMMED | AT_A_PRICE | {"unit_price": SUMMED["unit_price"]}, "tax"), "unit_price", "add the"),
        (lines({"name": {"aggregate": "concat", "path": "name"}}), "lines.fields.name.aggregate", "group_by"),
        (lines({"name": {"path": "name"}}, "colour"), "lines.group_by", "not a field of a line"),
        (lines({"name": {"path": "name"}}, where="colour == ''"), "lines.where", "not a field"),
        (lines({"name": {"format": "{colour}"}}), "lines.fields.name.format", "not a field of a line"),
        (lines({"name": {"ref": "tax"}}), "lines.fields.name.ref", "is no text"),
        (lines({"quantity": {"path": "name"}}), "lines.fields.quantity.path", "is no decimal"),
        (lines({"quantity": {"value": "many"}}), "lines.fields.quantity.value", "a number is expected"),
        ({"fields": {"number": {"path": "number", "apply": ["shout"]}}}, "number.apply", "value function"),
        ({"fields": {"currency": {"format": "{number}"}}}, "currency.format", "no free text"),
        (
            {"fields": {"state": {"choose": [{"value": "posted"}]}}},
            "state.choose.0.value",
            "not a value of state",
        ),
        ({"split_by": {"shares": [100]}}, "derive.split_by.shares", "two shares or more"),
        ({"split_by": {"shares": [50, 0]}}, "derive.split_by.shares", "above zero"),
        ({"split_by": {"shares": [1, 1], "field": "tax"}}, "derive.split_by", "or shares"),
        ({"split_by": {"field": "colour"}}, "derive.split_by.field", "not a field of a line"),
        ({"split_by": {"field": "tax"}, "key": ["sales_order.id"]}, "derive.key", "part"),
    ],
)
def test_what_could_lose_something_or_means_nothing_does_not_load(
    derive: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(Problem, match=words) as caught:
        order_flow(derive)
    assert ".".join(map(str, caught.value.place)).endswith(place)


def test_taxes_come_along_unless_a_flow_says_otherwise() -> None:
    taxed = {"currency": "USD", "lines": [{**SOLD, "tax": "entity:t"}, SOLD, {**SOLD, "tax": "entity:t"}]}
    grouped = order_flow(lines(SUMMED, "item"))
    assert [(one["tax"], one["unit_price"]) for one in made(grouped, taxed)] == [
        ("entity:t", "20"),
        (None, "10"),
    ]
    freed = order_flow(lines({"quantity": {"path": "quantity"}, "tax": {"value": None}}))
    assert [one["tax"] for one in made(freed, taxed)] == [None] * 3


def made(flow: Flow, order: dict[str, Any]) -> list[dict[str, Any]]:
    (document,) = flow.derive(order, {})
    return cast("list[dict[str, Any]]", document.fields["lines"])


def test_groups_that_lose_nothing_load() -> None:
    order_flow(lines(SUMMED | {"tax": {"ref": "tax"}}, "tax"))
    order_flow(lines(AT_A_PRICE | {"tax": {"ref": "tax"}}, "tax", "unit_price"))


def test_the_workspace_has_the_last_word_on_what_is_on() -> None:
    flow = order_flow(enabled=False)
    assert not flow.enabled({})
    assert flow.enabled({"flows": {"test": True}})
    assert not order_flow().enabled({"flows": {"test": False}})
    assert order_flow().enabled({"flows": {"other": False, "test": "no"}})


def test_a_flow_reads_what_its_statements_name_and_owes_what_is_money() -> None:
    derive = lines({"name": {"format": "{sales_order.notes}"}, "quantity": {"path": "quantity"}})
    derive["fields"] |= {"number": {"path": "number"}, "customer": {"ref": "customer"}}
    flow = order_flow(derive, on={"entity": "sales_order", "when": "state == 'confirmed'"})
    assert flow.reads == {"lines", "notes", "number", "customer", "state"}
    assert flow.owed == {"lines", "customer"}


def test_a_group_that_would_round_otherwise_is_one_piece_at_its_amount() -> None:
    flow = order_flow(lines(AT_A_PRICE, "unit_price"))
    thirds = [{"quantity": "0.5", "unit_price": "0.33", "tax": None, "name": None, "item": None}] * 3
    (line,) = made(flow, {"currency": "USD", "lines": thirds})
    assert (line["quantity"], line["unit_price"]) == ("1", "0.51")


def test_a_group_with_an_unknown_amount_is_told_by_its_place() -> None:
    flow = order_flow(lines(SUMMED, "tax"))
    with pytest.raises(MappingError) as caught:
        flow.derive({"currency": "USD", "lines": [{"quantity": "1", "unit_price": None, "tax": None}]}, {})
    assert caught.value.field == "flow.test.lines[0].unit_price"


def test_what_goes_back_is_ours_alone() -> None:
    back = {"fields": {"payment_state": {"value": "paid"}}}
    flow, rules = order_flow(back=back), dict(load_shipped().sync_rules)
    refuse_shared_back(flow, rules)
    rule = rules["sales_order"]
    shared = replace(rule, policy={**rule.policy, "payment_state": FieldPolicy("lww")})
    with pytest.raises(DefinitionError, match="payment_state"):
        refuse_shared_back(flow, {**rules, "sales_order": shared})


def test_what_goes_back_must_have_a_place() -> None:
    with pytest.raises(Problem, match="not a field of sales_order"):
        order_flow(back={"fields": {"colour": {"value": "red"}}})
