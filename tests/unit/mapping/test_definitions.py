"""Definition files that are wrong: told with file, field and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinledger.kernel.errors import FatalError
from twinledger.mapping.definitions import load_flow, load_mapping, load_shipped, load_sync_rule
from twinledger.mapping.entity_model import load_entity_models
from twinledger.mapping.errors import DefinitionError

GOOD = """\
object: freshbooks.tax
entity: tax
version: 1
identity: {id: id}
fields:
  name: {path: name}
  percent:
    path: amount
    apply: [decimal_text]
"""


def _mapping_error(tmp_path: Path, text: str) -> DefinitionError:
    path = tmp_path / "tax.yaml"
    path.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        load_mapping(path)
    return caught.value


def test_a_good_file_loads(tmp_path: Path) -> None:
    path = tmp_path / "tax.yaml"
    path.write_text(GOOD)
    assert load_mapping(path).definition == "freshbooks.tax@1"


@pytest.mark.parametrize(
    ("wrong", "right", "field", "line", "words"),
    [
        ("entity: taxx", "entity: tax", "entity", 2, "not an entity"),
        ("version: 0", "version: 1", "version", 3, "greater than or equal to 1"),
        ("identity: {id: '[0]'}", "identity: {id: id}", "identity.id", 4, "not a path"),
        ("identity: {ids: id}", "identity: {id: id}", "identity.id", 4, "Field required"),
        ("  nam: {path: name}", "  name: {path: name}", "fields.nam", 6, "not a field of tax"),
        ("  name: {pth: name}", "  name: {path: name}", "fields.name.path", 6, "Field required"),
        ("  name: {path: a..b}", "  name: {path: name}", "fields.name.path", 6, "not a path"),
        (
            "    apply: [decimals]",
            "    apply: [decimal_text]",
            "fields.percent.apply",
            9,
            "not a value function",
        ),
        ("    apply: [trim]", "    apply: [decimal_text]", "fields.percent.apply", 9, "is a decimal"),
    ],
)
def test_the_error_names_field_and_line(
    tmp_path: Path, wrong: str, right: str, field: str, line: int, words: str
) -> None:
    assert right in GOOD
    text = GOOD.replace(right, wrong)
    error = _mapping_error(tmp_path, text)
    assert (error.field, error.line) == (field, line)
    assert words in str(error)
    assert str(error).startswith(f"{tmp_path}/tax.yaml:{line}: {field}: ")


@pytest.mark.parametrize(
    ("added", "field", "line", "words"),
    [
        ("    surprise: 1\n", "fields.percent.surprise", 10, "not permitted"),
        (
            "  compound: {path: c, apply: [flag], when: \"nme != ''\"}\n",
            "fields.compound.when",
            10,
            "'nme' is not a field",
        ),
        (
            "  compound: {path: c, table: {a: maybe}}\n",
            "fields.compound.table",
            10,
            "not a value of compound",
        ),
        (
            "  compound: {path: c, table: {a: true}, reverse: {false: b}}\n",
            "fields.compound.reverse",
            10,
            "not in the table",
        ),
        ("  compound: {path: c, ref: freshbooks.tax}\n", "fields.compound.ref", 10, "refers to nothing"),
        (
            "  compound: {path: c, apply: [flag], by_way_of: {a: b}}\n",
            "fields.compound.by_way_of",
            10,
            "no body brings a record to 'b'",
        ),
        ("  x: {fields: {line1: a}}\n", "fields.x.fields.line1", 10, "x.line1 is not a field"),
        ("  name: {path: again}\n", "fields.name", 10, "given twice"),
        ('rules: [{when: "true", set: {kind: x}}]\n', "rules[0].set.kind", 10, "kind is not a field"),
        ('rules: [{when: "name &&", set: {}}]\n', "rules[0].when", 10, "Syntax error"),
        ("reference: {form: trailing}\n", "reference", 10, "give a path"),
        ("reference: {path: a.b, form: trailing}\n", "reference.path", 10, "top-level"),
        ("composed: {n: {first_of: [[nme]]}}\n", "composed.n", 10, "nme is not a field"),
        ("links: {a: {path: '', object: x.y}}\n", "links.a.path", 10, "not a path"),
        ("unsupported: ['']\n", "unsupported", 10, "not a path"),
    ],
)
def test_the_error_names_what_was_added(
    tmp_path: Path, added: str, field: str, line: int, words: str
) -> None:
    error = _mapping_error(tmp_path, GOOD + added)
    assert (error.field, error.line) == (field, line)
    assert words in str(error)


@pytest.mark.parametrize(
    ("text", "line"), [("object: [", 2), ("a: b: c", 1), ("\tx", 1), ("", 1), ("- a", 1)]
)
def test_what_is_no_definition_is_told_too(tmp_path: Path, text: str, line: int) -> None:
    assert _mapping_error(tmp_path, text).line in (line, None)


def test_an_unknown_zone_is_told(tmp_path: Path) -> None:
    text = GOOD.replace("{id: id}", "{id: id, updated_at: {path: u, zone: Mars/Base}}")
    assert _mapping_error(tmp_path, text).field == "identity.updated_at.zone"


SYNC = """\
sync: tax
systems: {freshbooks.tax: {}, zoho_books.tax: {when: "name != ''"}}
match: [[name, percent]]
policy: {name: lww, percent: owner(zoho_books), compound: write_once}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "field", "words"),
    [
        ("sync: tax", "sync: taxes", "sync", "not an entity"),
        ("freshbooks.tax: {}", "freshbooks.item: {}", "systems.freshbooks.item", "no mapping of"),
        ("name != ''", "x != ''", "systems.zoho_books.tax.when", "'x' is not a field"),
        ("[name, percent]", "[nam]", "match[0]", "nam is not a field"),
        ("compound: write_once", "compound: newest", "policy.compound", "none of lww"),
        ("owner(zoho_books)", "owner(zoho_crm)", "policy.percent", "does not hold"),
        (", compound: write_once", "", "policy", "no policy for compound"),
        ("compound: write_once", "compound: lww, x: lww", "policy.x", "not a field"),
    ],
)
def test_a_wrong_sync_rule_is_told(tmp_path: Path, right: str, wrong: str, field: str, words: str) -> None:
    path = tmp_path / "tax.yaml"
    path.write_text(SYNC)
    assert load_sync_rule(path, load_shipped().mappings).definition == "sync.tax@1"
    path.write_text(SYNC.replace(right, wrong))
    with pytest.raises(DefinitionError, match=words) as caught:
        load_sync_rule(path, load_shipped().mappings)
    assert caught.value.field == field
    assert caught.value.line is not None


FLOW = """\
flow: order-to-invoice
on: {entity: sales_order, when: "state == 'confirmed'"}
derive:
  entity: invoice
  key: [sales_order.id]
  target: freshbooks.invoice
  fields:
    customer: {ref: customer}
    state: {value: draft}
    lines: {each: lines, fields: {tax: {ref: tax}}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "field", "words"),
    [
        ("entity: sales_order", "entity: order", "on.entity", "not an entity"),
        ("state ==", "stat ==", "on.when", "'stat' is not a field"),
        ("[sales_order.id]", "[invoice.id]", "derive.key", "the key is"),
        ("freshbooks.invoice", "freshbooks.item", "derive.target", "no mapping of"),
        ("customer: {ref: customer}", "client: {ref: customer}", "derive.fields.client", "not a field"),
        ("{ref: customer}", "{ref: number}", "derive.fields.customer.ref", "is no customer"),
        ("{value: draft}", "{value: maybe}", "derive.fields.state.value", "not a value"),
        ("each: lines", "each: notes", "derive.fields.lines.each", "has no lines"),
        ("{tax: {ref: tax}}", "{tax: {ref: item}}", "derive.fields.lines.fields.tax.ref", "is no tax"),
    ],
)
def test_a_wrong_flow_is_told(tmp_path: Path, right: str, wrong: str, field: str, words: str) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW)
    assert load_flow(path, load_shipped().mappings).definition == "flow.order-to-invoice@1"
    path.write_text(FLOW.replace(right, wrong))
    with pytest.raises(DefinitionError, match=words) as caught:
        load_flow(path, load_shipped().mappings)
    assert caught.value.field == field
    assert caught.value.line is not None


def test_a_schema_field_without_a_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "observation.x.avsc").write_text(
        '{"entity": "x", "fields": [{"name": "a", "path": "a", "format": "text"}]}'
    )
    with pytest.raises(FatalError, match=r"observation.x.avsc: field a: lacks property 'class'"):
        load_entity_models(tmp_path)
