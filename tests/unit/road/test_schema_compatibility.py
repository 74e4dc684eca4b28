from __future__ import annotations

from typing import Any

import pytest

from twinledger.road.schema_compatibility import full_transitive_problems, unreadable_parts

TIME = {"type": "long", "logicalType": "timestamp-micros"}


def field(kind: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "R", "fields": [{"name": "f", "type": kind, **more}]}


@pytest.mark.parametrize(
    ("reader", "writer"),
    [
        ("long", "int"),
        (["null", "string"], "string"),
        (["null", "string"], "null"),
        ({"type": "map", "values": "long"}, {"type": "map", "values": "int"}),
        (
            field("string", aliases=["old"]),
            {"type": "record", "name": "R", "fields": [{"name": "old", "type": "string"}]},
        ),
        (
            {"type": "enum", "name": "E", "symbols": ["a"], "default": "a"},
            {"type": "enum", "name": "E", "symbols": ["a", "b"]},
        ),
    ],
)
def test_what_avro_resolves_is_readable(reader: Any, writer: Any) -> None:
    assert list(unreadable_parts(reader, writer)) == []


@pytest.mark.parametrize(
    ("reader", "writer", "where"),
    [
        ("int", "long", "long became int"),
        ("string", ["null", "string"], "null became string"),
        (field("string"), field("int"), "f: int became string"),
        (field({"type": "array", "items": "int"}), field({"type": "array", "items": "string"}), "f[]"),
        (field({"type": "map", "values": "int"}), field({"type": "map", "values": "string"}), "f{}"),
        (field("long"), field(TIME), "f: timestamp-micros became None"),
        (
            {"type": "enum", "name": "E", "symbols": ["a"]},
            {"type": "enum", "name": "E", "symbols": ["b"]},
            "symbol b",
        ),
        (
            {"type": "fixed", "name": "F", "size": 4},
            {"type": "fixed", "name": "F", "size": 8},
            "size changed",
        ),
        (["null", "int"], "string", "no branch"),
    ],
)
def test_what_does_not_resolve_is_named(reader: Any, writer: Any, where: str) -> None:
    assert any(where in part for part in unreadable_parts(reader, writer))


def test_full_means_both_ways() -> None:
    versions = [("one", field("int")), ("two", field("long"))]
    assert full_transitive_problems(versions) == ["one cannot read two: f: long became int"]
