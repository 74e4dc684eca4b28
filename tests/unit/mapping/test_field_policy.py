"""Policies as a sync rule states them."""

from __future__ import annotations

import pytest

from twinledger.mapping.entity_model import CanonicalField, entity_models
from twinledger.mapping.field_policy import FieldPolicy, parse_policy
from twinledger.mapping.yaml_source import Problem

INVOICE = entity_models()["invoice"].fields
SYSTEMS = {"freshbooks", "zoho_books"}
TAGS = CanonicalField("tags", "tags", "business", "texts")


@pytest.mark.parametrize(
    ("text", "field", "policy"),
    [
        ("lww", INVOICE["notes"], FieldPolicy("lww")),
        ("manual", INVOICE["notes"], FieldPolicy("manual")),
        ("owner(freshbooks)", INVOICE["date"], FieldPolicy("owner", "freshbooks")),
        ("owner(freshbooks, tolerate)", INVOICE["date"], FieldPolicy("owner", "freshbooks", tolerate=True)),
        ("delta", INVOICE["total"], FieldPolicy("delta")),
        ("set", TAGS, FieldPolicy("set")),
        ("set(name)", INVOICE["lines"], FieldPolicy("set", key="name")),
        (
            "lattice(draft < sent, void: freshbooks)",
            INVOICE["state"],
            FieldPolicy("lattice", order=("draft", "sent"), reserved={"void": "freshbooks"}),
        ),
    ],
)
def test_every_form_is_read(text: str, field: CanonicalField, policy: FieldPolicy) -> None:
    assert parse_policy(text, field, SYSTEMS) == policy


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("newest", INVOICE["notes"], "none of lww"),
        ("owner", INVOICE["notes"], "none of lww"),
        ("owner(zoho_crm)", INVOICE["date"], "does not hold"),
        ("owner(freshbooks, sometimes)", INVOICE["date"], "not tolerate"),
        ("delta", INVOICE["notes"], "adds up numbers"),
        ("set", INVOICE["notes"], "not a set of texts"),
        ("set", INVOICE["lines"], "tells the records"),
        ("set(colour)", INVOICE["lines"], "tells the records"),
        ("lattice(draft < sent)", INVOICE["state"], "each state of state once"),
        ("lattice(draft < sent < sent, void: freshbooks)", INVOICE["state"], "each state of state once"),
        ("lattice(draft < sent, void)", INVOICE["state"], "does not hold"),
        ("lattice(draft < sent, void: zoho_crm)", INVOICE["state"], "does not hold"),
    ],
)
def test_what_makes_no_sense_for_the_field_is_refused(text: str, field: CanonicalField, words: str) -> None:
    with pytest.raises(Problem, match=words):
        parse_policy(text, field, SYSTEMS)
