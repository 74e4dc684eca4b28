from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakes.clock import START

from twinledger.kernel.errors import FatalError
from twinledger.kernel.resources import schema_dir
from twinledger.road.codec import MAX_VALUE_BYTES, Codec, Undecodable
from twinledger.road.schema_lock import extended
from twinledger.road.schemas import LOCK_FILE, Locked, read_lock, read_schemas

CODEC = Codec.from_files()
HINT: dict[str, Any] = {
    "workspace": "acme",
    "object": "freshbooks.client",
    "external_id": "24018",
    "more_ids": [],
    "lane": "live",
    "since": None,
}
RECORD: dict[str, Any] = {
    "workspace": "acme",
    "object": "freshbooks.client",
    "external_id": "24018",
    "document": b'{"id": 24018}',
    "gone": False,
    "read_started_at": START,
    "related": {"contacts": ["zoho_crm.contact/1"]},
}


def folder_with(path: Path, schemas: dict[str, Any], locked: list[Locked]) -> Path:
    for name, schema in schemas.items():
        (path / f"{name}.avsc").write_bytes(orjson.dumps(schema))
    entries = [
        {"id": e.id, "name": e.name, "version": e.version, "fingerprint": e.fingerprint, "schema": e.schema}
        for e in locked
    ]
    (path / LOCK_FILE).write_bytes(orjson.dumps({"schemas": entries}))
    return path


def record_of(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "record", "name": "Thing", "fields": list(fields)}


def test_a_record_comes_back_with_the_name_of_its_schema() -> None:
    assert CODEC.decode(CODEC.encode("hint", HINT)) == ("hint", HINT)
    assert CODEC.decode(CODEC.encode("source-record", RECORD)) == ("source-record", RECORD)


def test_the_wire_format_is_a_zero_byte_and_the_locked_id() -> None:
    ids = {entry.name: entry.id for entry in read_lock((schema_dir() / LOCK_FILE).read_bytes())}
    assert CODEC.encode("hint", HINT)[:5] == b"\0" + ids["hint"].to_bytes(4, "big")


def test_a_record_that_does_not_fit_its_schema_is_not_written() -> None:
    for name in read_schemas(schema_dir()):
        with pytest.raises((ValueError, TypeError, KeyError)):
            CODEC.encode(name, {"workspace": object()})


@given(st.binary(max_size=200))
@example(b"")
@example(b"\0\0\0\0\1")
@example(b"\0\0\0\0\7" + b"\xff" * 20)
def test_any_bytes_are_a_record_or_undecodable(noise: bytes) -> None:
    for start in (b"", *(b"\0\0\0\0" + bytes([number]) for number in range(12))):
        try:
            name, record = CODEC.decode(start + noise)
        except Undecodable as refused:
            assert refused.error_class == "undecodable"
        else:
            assert isinstance(record, dict)
            assert name


@given(st.data())
def test_a_flipped_bit_never_crashes(data: st.DataObject) -> None:
    value = bytearray(CODEC.encode("source-record", RECORD))
    value[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        CODEC.decode(bytes(value))
    except Undecodable as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "magic byte"),
        (b'{"json": true}', "magic byte"),
        (b"\0\xff\xff\xff\xff" + b"x", "unknown"),
        (b"\0" * (MAX_VALUE_BYTES + 1), "over the cap"),
        (CODEC.encode("hint", HINT) + b"x", "left over"),
        (CODEC.encode("hint", HINT)[:-3], "do not match"),
    ],
)
def test_what_cannot_be_read_says_why(value: bytes | None, why: str) -> None:
    with pytest.raises(Undecodable, match=why):
        CODEC.decode(value)


def test_a_record_over_the_cap_is_not_written() -> None:
    with pytest.raises(Undecodable, match="over the cap"):
        CODEC.encode("source-record", RECORD | {"document": b"x" * MAX_VALUE_BYTES})


def test_bytes_of_an_older_version_are_read_with_the_new_defaults(tmp_path: Path) -> None:
    old = {"thing": record_of({"name": "a", "type": "string"})}
    new = {"thing": record_of({"name": "a", "type": "string"}, {"name": "b", "type": "int", "default": 7})}
    before = Codec.from_files(folder_with(tmp_path, old, extended([], old)))
    value = before.encode("thing", {"a": "x"})
    after = Codec.from_files(folder_with(tmp_path, new, extended(extended([], old), new)))
    assert after.decode(value) == ("thing", {"a": "x", "b": 7})


def test_a_version_that_does_not_resolve_is_schema_incompatible(tmp_path: Path) -> None:
    old = {"thing": record_of({"name": "a", "type": "string"})}
    new = {"thing": record_of({"name": "b", "type": "int"})}
    value = Codec.from_files(folder_with(tmp_path, old, extended([], old))).encode("thing", {"a": "x"})
    forced = Codec.from_files(folder_with(tmp_path, new, extended(extended([], old), new)))
    with pytest.raises(Undecodable) as refused:
        forced.decode(value)
    assert refused.value.error_class == "schema_incompatible"


def test_a_schema_without_an_id_stops_the_process(tmp_path: Path) -> None:
    schemas = {"thing": record_of()}
    with pytest.raises(FatalError, match=r"ids.lock.json is missing"):
        Codec.from_files(tmp_path)
    with pytest.raises(FatalError, match=r"thing.avsc has no id"):
        Codec.from_files(folder_with(tmp_path, schemas, []))
