"""Road: Avro in Confluent's wire format: a zero byte, four bytes of schema id, the record.

What cannot be read raises Undecodable, whatever the bytes: it is a dead letter, never a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, cast

from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError

from twinledger.kernel.errors import FatalError, PermanentError
from twinledger.kernel.resources import schema_dir
from twinledger.road.schemas import fingerprint_of, load_lock, read_schemas

__all__ = ["MAX_VALUE_BYTES", "Codec", "Undecodable"]

MAX_VALUE_BYTES = 1_000_000
_HEADER_BYTES = 5
_UNREADABLE = (EOFError, ValueError, LookupError, ArithmeticError, TypeError, MemoryError)


class Undecodable(PermanentError):
    """Nobody can read this record as it is."""

    def __init__(
        self, message: str, error_class: Literal["undecodable", "schema_incompatible"] = "undecodable"
    ) -> None:
        super().__init__(message, error_class=error_class)


@dataclass(frozen=True, slots=True)
class _Readable:
    name: str
    writer: Any
    reader: Any
    """None where the record was written with the newest version"""


@dataclass(frozen=True, slots=True)
class _Writable:
    prefix: bytes
    schema: Any


class Codec:
    """Reads every version in the lock file, writes the newest one."""

    def __init__(self, readable: Mapping[int, _Readable], writable: Mapping[str, _Writable]) -> None:
        self._readable, self._writable = readable, writable

    @classmethod
    def from_files(cls, folder: Path | None = None) -> Codec:
        """From the schemas that ship; FatalError when one has no id yet."""
        folder = folder or schema_dir()
        locked = load_lock(folder)
        newest = {name: (fingerprint_of(s), parse_schema(s)) for name, s in read_schemas(folder).items()}
        ids = {(entry.name, entry.fingerprint): entry.id for entry in locked}
        writable = {}
        for name, (fingerprint, schema) in newest.items():
            if (name, fingerprint) not in ids:
                raise FatalError(f"{name}.avsc has no id; try: python -m twinledger.road.schema_lock")
            writable[name] = _Writable(b"\0" + ids[name, fingerprint].to_bytes(4, "big"), schema)
        readable = {}
        for entry in locked:
            fingerprint, reader = newest.get(entry.name, ("", None))
            same = fingerprint == entry.fingerprint
            readable[entry.id] = _Readable(
                entry.name,
                reader if same else parse_schema(entry.schema),
                None if same else reader,
            )
        return cls(readable, writable)

    def encode(self, schema_name: str, record: Mapping[str, Any]) -> bytes:
        """Undecodable when the result is over the cap: no reader would take it."""
        known = self._writable[schema_name]
        out = BytesIO()
        out.write(known.prefix)
        schemaless_writer(out, known.schema, record)
        if out.tell() > MAX_VALUE_BYTES:
            raise Undecodable(f"{schema_name} of {out.tell()} bytes is over the cap")
        return out.getvalue()

    def decode(self, value: bytes | None) -> tuple[str, dict[str, Any]]:
        """Schema name and record, resolved to the newest version of the schema."""
        known = self._schema_of(value)
        source = BytesIO(value or b"")
        source.seek(_HEADER_BYTES)
        try:
            record = cast(dict[str, Any], schemaless_reader(source, known.writer, known.reader))
        except SchemaResolutionError as error:
            message = f"{known.name}: the writer's version does not resolve"
            raise Undecodable(message, "schema_incompatible") from error
        except _UNREADABLE as error:
            raise Undecodable(f"{known.name}: bytes do not match the schema") from error
        if source.read(1):
            raise Undecodable(f"{known.name}: bytes are left over")
        return known.name, record

    def _schema_of(self, value: bytes | None) -> _Readable:
        if value is None or len(value) < _HEADER_BYTES or value[0]:
            raise Undecodable("no wire format: magic byte missing")
        if len(value) > MAX_VALUE_BYTES:
            raise Undecodable(f"{len(value)} bytes are over the cap")
        schema_id = int.from_bytes(value[1:_HEADER_BYTES], "big")
        known = self._readable.get(schema_id)
        if known is None:
            raise Undecodable(f"schema id {schema_id} is unknown")
        return known
