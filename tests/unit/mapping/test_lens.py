"""The object mapping as stages use it."""

from __future__ import annotations

import pytest

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.errors import MappingError

MAPPINGS = load_shipped().mappings


def test_a_reference_is_carried_or_not() -> None:
    without = {name for name, mapping in MAPPINGS.items() if not mapping.has_reference}
    assert without == {"freshbooks.tax", "freshbooks.invoice", "zoho_books.tax"}


def test_a_field_with_a_call_of_its_own_is_no_part_of_a_create() -> None:
    contact = MAPPINGS["zoho_books.contact"]
    assert contact.phase_of("state") == "state"
    assert contact.phase_of("email") is None
    assert "state" not in contact.writable(creating=True)
    assert "state" in contact.writable(creating=False)


def test_unless_the_create_may_carry_it() -> None:
    invoice = MAPPINGS["freshbooks.invoice"]
    assert invoice.phase_of("state") == "state"
    assert "state" in invoice.writable(creating=True)


def test_fields_that_a_system_computes_are_never_written() -> None:
    for name in ("freshbooks.invoice", "zoho_books.invoice"):
        assert {"total", "balance"}.isdisjoint(MAPPINGS[name].writable(creating=True))
        assert MAPPINGS[name].carries("total")


def test_a_field_that_a_rule_sets_is_carried_but_not_written() -> None:
    client = MAPPINGS["freshbooks.client"]
    assert client.carries("kind")
    assert "kind" not in client.writable(creating=True)
    assert not client.carries("website")


def test_normal_tells_the_declared_loss() -> None:
    assert MAPPINGS["zoho_books.contact"].normal("state", "deleted") == "archived"
    assert MAPPINGS["zoho_inventory.item"].normal("state", "deleted") == "archived"
    assert MAPPINGS["freshbooks.invoice"].normal("lines", None) is None


def test_a_value_that_the_vendor_has_no_form_for_is_named() -> None:
    with pytest.raises(MappingError) as caught:
        MAPPINGS["freshbooks.payment"].normal("method", "shells")
    assert caught.value.field == "method"
    assert caught.value.error_class == "mapping"


def test_a_tax_without_content_at_hand_is_named() -> None:
    line = {
        "item": None,
        "name": "x",
        "description": None,
        "quantity": "1",
        "unit_price": "1",
        "tax": "entity:t",
    }
    with pytest.raises(MappingError) as caught:
        MAPPINGS["freshbooks.invoice"].write(
            {"lines": [line]}, ["lines"], creating=False, reference=None, resolve=str
        )
    assert caught.value.field == "lines[0]"


def test_fields_that_an_object_does_not_hold_are_not_written() -> None:
    body = MAPPINGS["freshbooks.tax"].write(
        {"website": "x"}, ["website"], creating=False, reference="TL-" + "A" * 20, resolve=str
    )
    assert body == {}


def test_no_mapping_error_holds_the_value() -> None:
    secret = "4111 1111 1111 1111"
    with pytest.raises(MappingError) as caught:
        MAPPINGS["freshbooks.client"].read({"id": "1", "currency_code": secret})
    assert secret not in str(caught.value)
    assert caught.value.external_id == "1"


def test_every_reference_in_the_schemas_names_an_entity() -> None:
    models = entity_models()
    for model in models.values():
        assert set(model.refs.values()) <= set(models)


def test_an_effect_is_told_of_records_that_ask_for_it() -> None:
    mapping = MAPPINGS["freshbooks.invoice"]
    assert mapping.effect_of({"effects": "email"}, ["state"]) == "email"
    assert mapping.effect_of({"effects": "email"}, ["notes"]) is None
    assert mapping.effect_of({}, ["state"]) is None
