"""Flows: money is conserved, per currency and to its smallest unit; nothing but a MappingError is raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.mapping.canonical import entities, json_values
from tests.unit.mapping.order_flow import order_flow

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.errors import MappingError
from twinledger.mapping.flow import Document, Flow
from twinledger.mapping.flow_amounts import line_amount
from twinledger.mapping.functions import canonical_decimal

PLACES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
numbers = st.decimals(-(10**6), 10**6, places=4).map(canonical_decimal)
lines = st.fixed_dictionaries(
    {
        "item": st.none(),
        "name": st.sampled_from(["Oven", "Trip", None]),
        "description": st.none(),
        "quantity": numbers | st.sampled_from(["1", "0.5", "3"]),
        "unit_price": numbers | st.sampled_from(["0.33", "0.005", "95.55"]),
        "tax": st.sampled_from(["entity:t", "entity:u", None]),
    }
)
orders = st.fixed_dictionaries(
    {
        "number": st.just("SO-7"),
        "currency": st.sampled_from(sorted(PLACES)),
        "lines": st.lists(lines, min_size=1, max_size=6),
        "state": st.just("confirmed"),
    }
)
AS_IT_IS = {
    "each": "lines",
    "fields": {name: {"path": name} for name in ("name", "quantity", "unit_price")} | {"tax": {"ref": "tax"}},
}
BY_PRICE = {
    "each": "lines",
    "group_by": ["tax", "unit_price"],
    "fields": {
        "name": {"aggregate": "concat", "path": "name"},
        "quantity": {"aggregate": "sum", "path": "quantity"},
        "unit_price": {"path": "unit_price"},
        "tax": {"ref": "tax"},
    },
}
BY_TAX = {
    "each": "lines",
    "group_by": ["tax"],
    "fields": {
        "quantity": {"value": 1},
        "unit_price": {"aggregate": "sum", "path": "amount"},
        "tax": {"ref": "tax"},
    },
}
laws = settings(max_examples=150, deadline=None)


def whole(lines: Iterable[Mapping[str, Any]], currency: str) -> dict[Any, Decimal]:
    """What is owed for each tax."""
    sums: dict[Any, Decimal] = {}
    for line in lines:
        amount = Decimal(line_amount(line, currency) or "0")
        sums[line["tax"]] = sums.get(line["tax"], Decimal(0)) + amount
    return sums


def owed(flow: Flow, order: Mapping[str, Any]) -> dict[Any, Decimal]:
    documents = flow.derive(order, {})
    return whole([line for document in documents for line in lines_of(document)], order["currency"])


def lines_of(document: Document) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", document.fields["lines"])


@pytest.mark.parametrize("made", [AS_IT_IS, BY_PRICE, BY_TAX], ids=["lines", "by price", "by tax"])
@laws
@given(order=orders)
def test_groups_are_worth_what_their_lines_are(made: dict[str, Any], order: dict[str, Any]) -> None:
    flow = order_flow({"fields": {"lines": made}})
    assert owed(flow, order) == whole(order["lines"], order["currency"])


@pytest.mark.parametrize("made", [AS_IT_IS, BY_PRICE, BY_TAX], ids=["lines", "by price", "by tax"])
@laws
@given(order=orders, shares=st.lists(st.integers(1, 100), min_size=2, max_size=5))
def test_shares_sum_to_the_whole(made: dict[str, Any], order: dict[str, Any], shares: list[int]) -> None:
    flow = order_flow({"split_by": {"shares": shares}, "fields": {"lines": made}})
    assert owed(flow, order) == whole(order["lines"], order["currency"])
    documents = flow.derive(order, {})
    assert [document.part for document in documents] == [str(number + 1) for number in range(len(shares))]
    smallest = Decimal(1).scaleb(-PLACES[order["currency"]])
    prices = [Decimal(line["unit_price"]) for one in documents for line in lines_of(one)]
    assert made is not AS_IT_IS or all(price % smallest == 0 for price in prices)


@laws
@given(
    total=numbers, currency=st.sampled_from(sorted(PLACES)), shares=st.lists(st.integers(1, 9), min_size=2)
)
def test_what_the_whole_comes_to_is_divided_as_its_lines_are(
    total: str, currency: str, shares: list[int]
) -> None:
    flow = order_flow({"split_by": {"shares": shares}, "fields": {"notes": {"path": "total"}}})
    order: dict[str, Any] = {
        "currency": currency,
        "total": total,
        "lines": [{"quantity": "1", "unit_price": "1"}],
    }
    parts = [Decimal(str(document.fields["notes"])) for document in flow.derive(order, {})]
    assert sum(parts) == Decimal(total)


CHARGED = {"lines": AS_IT_IS, "charged": {"path": "charged"}}


@laws
@given(order=orders, shares=st.lists(st.integers(1, 9), min_size=2, max_size=4))
def test_a_part_is_charged_what_its_lines_come_to(order: dict[str, Any], shares: list[int]) -> None:
    charged = sum(whole(order["lines"], order["currency"]).values(), Decimal(0))
    assume(charged != 0)
    flow = order_flow({"split_by": {"shares": shares}, "fields": CHARGED})
    for document in flow.derive(order | {"charged": canonical_decimal(charged)}, {}):
        come_to = sum(whole(lines_of(document), order["currency"]).values())
        assert Decimal(str(document.fields["charged"])) == come_to


@pytest.mark.parametrize(("price", "lines"), [("10.01", 40), ("0.01", 2)])
def test_many_small_lines_are_charged_as_they_are_divided(price: str, lines: int) -> None:
    """Each line is rounded for itself: thirty in a hundred of 40 times 10.01 are 120, not 120.12."""
    line = {"name": "Sticker", "quantity": "1", "unit_price": price, "tax": None}
    charged = canonical_decimal(Decimal(price) * lines)
    order: dict[str, Any] = {"currency": "USD", "lines": [line] * lines, "charged": charged}
    flow = order_flow({"split_by": {"shares": [30, 70]}, "fields": CHARGED})
    for document in flow.derive(order, {}):
        come_to = sum(whole(lines_of(document), "USD").values())
        assert Decimal(str(document.fields["charged"])) == come_to


def test_what_some_lines_come_to_is_not_known() -> None:
    flow = order_flow({"split_by": {"field": "name"}, "fields": {"notes": {"path": "total"}}})
    order: dict[str, Any] = {"total": "3", "lines": [{"name": "a"}, {"name": "b"}]}
    assert [document.fields["notes"] for document in flow.derive(order, {})] == [None, None]


@laws
@given(order=orders)
def test_parts_by_a_field_sum_to_the_whole(order: dict[str, Any]) -> None:
    flow = order_flow({"split_by": {"field": "name"}, "fields": {"lines": AS_IT_IS}})
    assert owed(flow, order) == whole(order["lines"], order["currency"])


@laws
@given(order=orders, shares=st.lists(st.integers(1, 9), min_size=2, max_size=4))
def test_no_share_is_more_than_a_unit_off(order: dict[str, Any], shares: list[int]) -> None:
    flow = order_flow({"split_by": {"shares": shares}, "fields": {"lines": AS_IT_IS}})
    smallest = Decimal(1).scaleb(-PLACES[order["currency"]])
    for document, share in zip(flow.derive(order, {}), shares, strict=True):
        for got, line in zip(lines_of(document), order["lines"], strict=True):
            exact = Decimal(line_amount(line, order["currency"]) or "0") * share / sum(shares)
            assert abs(Decimal(got["unit_price"]) - exact) <= smallest


FLOWS = [*load_shipped().flows, order_flow({"split_by": {"field": "tax"}, "fields": {"lines": BY_TAX}})]
each_flow = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)


@each_flow
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_derived_record_is_one_of_its_entity(flow: Flow, data: st.DataObject) -> None:
    """Every field is known, and the same trigger makes the same."""
    fields = data.draw(entities(flow.on_entity))
    try:
        documents = flow.derive(fields, {}, "7K3QX2ZD4B")
    except MappingError as error:
        assert error.field and error.field.startswith(f"flow.{flow.name}.")
        return
    assert documents == flow.derive(fields, {}, "7K3QX2ZD4B")
    known = entity_models()[flow.derives].fields
    assert all(document.fields.keys() <= known.keys() for document in documents)


@each_flow
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_flow_fails_with_a_field_or_not_at_all(flow: Flow, data: st.DataObject) -> None:
    names = st.sampled_from([*entity_models()[flow.on_entity].fields, "total", "balance"])
    fields = data.draw(entities(flow.on_entity))
    fields |= data.draw(st.dictionaries(names, json_values(), max_size=3))
    chosen = data.draw(st.dictionaries(st.sampled_from(["invoice_state", "base_currency"]), json_values()))
    for attempt in (
        lambda: flow.applies(fields),
        lambda: flow.derive(fields, chosen),
        lambda: flow.back([fields, fields], chosen),
    ):
        try:
            attempt()
        except MappingError as error:
            assert error.field and error.field.startswith(f"flow.{flow.name}.")
