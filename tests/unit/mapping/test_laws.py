"""The laws of lenses, for every shipped mapping."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from tests.unit.mapping.canonical import entities, json_values
from tests.unit.mapping.vendor import IDS, entity_named, lookup, resolve, stored
from tests.unit.mapping.vendor_documents import documents, keys_of

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.errors import MappingError
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.line_taxes import SECOND, in_order

MAPPINGS = list(load_shipped().mappings.values())
REFERENCE = "TL-ABCDEFGHIJKLMNOPQRST"

INSTEAD = {
    "freshbooks.item": "sku",
    "zoho_inventory.item": "sku",
    "zoho_inventory.sales_order": "reference_number",
}
"""Where the reference stands in a place that the business may have taken."""

each_mapping = pytest.mark.parametrize("mapping", MAPPINGS, ids=lambda mapping: mapping.object)
laws = settings(max_examples=20, deadline=None)


def _said(mapping: ObjectMapping, document: dict[str, Any]) -> dict[str, Any]:
    """What a document says, references as entities."""
    fields: dict[str, Any] = dict(mapping.read(document).fields)
    for computed in ("charged", "allocations"):  # no numbers of their own: tests/money
        fields.pop(computed, None)
    for path in entity_models()[mapping.entity].refs:
        outer, _, inner = path.partition(".")
        if inner and fields.get(outer):
            fields[outer] = [
                in_order({**line, inner: entity_named(line[inner])})
                if inner == SECOND
                else {**line, inner: entity_named(line[inner])}
                for line in fields[outer]
            ]
        elif not inner and outer in fields:
            fields[outer] = entity_named(fields[outer])
    return fields


def _written(
    mapping: ObjectMapping, fields: dict[str, Any], changed: Any, *, creating: bool
) -> dict[str, Any]:
    try:
        return mapping.write(
            fields, changed, creating=creating, reference=REFERENCE, resolve=resolve, lookup=lookup
        )
    except MappingError as error:
        if error.field not in ("contact_name", "due_date"):
            raise
        # What a vendor has no form for is refused by name: nothing to call a contact, due before its date.
        reject()


@each_mapping
@laws
@given(data=st.data())
def test_what_was_written_reads_back_as_expected(mapping: ObjectMapping, data: st.DataObject) -> None:
    fields = data.draw(entities(mapping.entity))
    if mapping.object == "freshbooks.invoice":
        assume(fields.get("state") != "void")
    expected = mapping.expected(fields, creating=True)
    document = stored(mapping, _written(mapping, fields, expected, creating=True))
    said = _said(mapping, document)
    assert {path: said.get(path) for path in expected} == expected


@each_mapping
@laws
@given(data=st.data())
def test_an_update_reads_back_as_expected(mapping: ObjectMapping, data: st.DataObject) -> None:
    before = data.draw(documents(mapping.object))
    fields = _said(mapping, before) | data.draw(entities(mapping.entity))
    expected = mapping.expected(fields, creating=False)
    plain = [path for path in expected if mapping.phase_of(path) is None]
    after = stored(mapping, _written(mapping, fields, plain, creating=False), before)
    said = _said(mapping, after)
    if not fields.get("organization") or mapping.object != "zoho_crm.contact":
        assert {path: said.get(path) for path in plain if path in said} == {
            path: expected[path] for path in plain if path in said
        }


@laws
@given(data=st.data())
def test_what_a_whole_part_of_a_body_states_is_what_the_record_says_afterwards(data: st.DataObject) -> None:
    (mapping,) = [one for one in MAPPINGS if one.object == "zoho_books.contact"]
    before = data.draw(documents(mapping.object))
    fields = _said(mapping, before) | data.draw(entities(mapping.entity))
    plain = [path for path in mapping.expected(fields, creating=False) if mapping.phase_of(path) is None]
    body = _written(mapping, fields, plain, creating=False)
    before.pop("billing_address", None)  # taken whole: nothing of it is left
    stated = mapping.stated_in(body, ["billing_address"])
    assert not stated or "addresses.billing.city" in stated
    said = _said(mapping, stored(mapping, body, before))
    assert {path: said.get(path) for path in stated} == stated


@each_mapping
@laws
@given(data=st.data())
def test_writing_what_was_just_read_changes_nothing(mapping: ObjectMapping, data: st.DataObject) -> None:
    before = data.draw(documents(mapping.object))
    fields = _said(mapping, before)
    plain = [path for path in fields if mapping.phase_of(path) is None]
    after = stored(mapping, _written(mapping, fields, plain, creating=False), before)
    assert _said(mapping, after) == fields


@each_mapping
@laws
@given(data=st.data())
def test_what_was_just_read_plans_nothing(mapping: ObjectMapping, data: st.DataObject) -> None:
    fields = _said(mapping, data.draw(documents(mapping.object)))
    expected = mapping.expected(fields, creating=False)
    assert {path: fields[path] for path in expected} == expected


@each_mapping
@laws
@given(data=st.data())
def test_the_reference_comes_back(mapping: ObjectMapping, data: st.DataObject) -> None:
    fields = data.draw(entities(mapping.entity))
    if mapping.object == "freshbooks.invoice":
        assume(fields.get("state") != "void")
    document = stored(mapping, _written(mapping, fields, list(fields), creating=True))
    taken = fields.get(INSTEAD.get(mapping.object, ""))
    assert mapping.read(document).reference == (REFERENCE if mapping.has_reference and not taken else None)


@each_mapping
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_reading_fails_with_a_field_or_not_at_all(mapping: ObjectMapping, data: st.DataObject) -> None:
    identified = dict.fromkeys(IDS, "1")
    broken = st.dictionaries(st.sampled_from(keys_of(mapping.object)), json_values(), min_size=1, max_size=4)
    document = data.draw(broken.map(lambda parts: identified | parts) | broken | json_values())
    try:
        if isinstance(document, dict):
            mapping.accepts(document)
        reading = mapping.read(document)
    except MappingError as error:
        assert error.field or not isinstance(document, dict)
    else:
        assert json.loads(json.dumps(reading.fields)) == reading.fields


@each_mapping
@laws
@given(data=st.data())
def test_an_observation_record_gives_the_fields_back(mapping: ObjectMapping, data: st.DataObject) -> None:
    model = entity_models()[mapping.entity]
    fields = data.draw(entities(mapping.entity))
    record = model.to_record(fields)
    assert model.from_record(record) == fields
    assert set(record["present"]) == set(fields)
