"""Road: gives new schema versions their ids. `python -m twinledger.road.schema_lock [--check]`

Writing adds entries and never changes one. `--check` (part of `make lint`) proves: every schema
is locked, every version can read every other, and no entry ever committed to git was lost or changed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from twinledger.kernel.resources import schema_dir
from twinledger.road.schema_compatibility import full_transitive_problems, unfit_parts
from twinledger.road.schemas import LOCK_FILE, Locked, canonical_form, fingerprint_of, read_lock, read_schemas

__all__ = ["extended", "main", "problems"]


def main(arguments: Sequence[str] | None = None, folder: Path | None = None) -> int:
    """Exit 1 if the check finds something, or if writing would break a promise."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    folder = folder or schema_dir()
    lock_path = folder / LOCK_FILE
    locked = read_lock(lock_path.read_bytes()) if lock_path.is_file() else []
    schemas = read_schemas(folder)
    wanted = locked if "--check" in given else extended(locked, schemas)
    found = [*problems(wanted, schemas), *_lost(wanted, folder)]
    for problem in found:
        sys.stderr.write(f"error: {problem}\n")
    if found:
        sys.stderr.write("try: add a field with a default instead, or start a new .v2 schema\n")
        return 1
    if wanted != locked:
        lock_path.write_bytes(_text_of(wanted))
    return 0


def extended(locked: Sequence[Locked], schemas: Mapping[str, Any]) -> list[Locked]:
    """The entries and one more for each schema whose present form has none."""
    result = list(locked)
    for name, schema in schemas.items():
        versions = [entry for entry in result if entry.name == name]
        fingerprint = fingerprint_of(schema)
        if all(entry.fingerprint != fingerprint for entry in versions):
            next_id = max((entry.id for entry in result), default=0) + 1
            version = max((entry.version for entry in versions), default=0) + 1
            result.append(Locked(next_id, name, version, fingerprint, canonical_form(schema)))
    return result


def problems(locked: Sequence[Locked], schemas: Mapping[str, Any]) -> Iterator[str]:
    """What stands against these schemas."""
    for name, schema in schemas.items():
        versions = [entry for entry in locked if entry.name == name]
        if fingerprint_of(schema) not in {entry.fingerprint for entry in versions}:
            yield f"{name}.avsc has no id; try: python -m twinledger.road.schema_lock"
        for part in unfit_parts(canonical_form(schema)):
            yield f"{name}.avsc: {part}"
        for field in _without_class(schema):
            yield f"{name}.avsc: {field} has no class"
    for name in {entry.name for entry in locked}:
        labelled = [(f"{name} version {e.version}", e.schema) for e in locked if e.name == name]
        yield from full_transitive_problems(labelled)
    for entry in locked:
        if fingerprint_of(entry.schema) != entry.fingerprint:
            yield f"{entry.name} version {entry.version}: the locked schema was changed"


def _without_class(schema: Any, path: str = "") -> Iterator[str]:
    """Fields of records without a personal-data class, at any depth."""
    if isinstance(schema, list):
        for branch in schema:
            yield from _without_class(branch, path)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            here = f"{path}.{field['name']}".lstrip(".")
            if "class" not in field:
                yield here
            yield from _without_class(field["type"], here)
        for inner in (schema.get("items"), schema.get("values")):
            yield from _without_class(inner, path)
        if not isinstance(schema["type"], str):
            yield from _without_class(schema["type"], path)


def _lost(locked: Sequence[Locked], folder: Path) -> Iterator[str]:
    """Entries of earlier commits that are gone or different now."""
    present = {entry.id: (entry.name, entry.version, entry.fingerprint) for entry in locked}
    for commit in _git(folder, "log", "--format=%H", "--", LOCK_FILE).split():
        for entry in read_lock(_git(folder, "show", f"{commit}:./{LOCK_FILE}").encode()):
            if present.get(entry.id) != (entry.name, entry.version, entry.fingerprint):
                yield f"id {entry.id} ({entry.name} version {entry.version}) of commit {commit[:8]} changed"


def _git(folder: Path, *arguments: str) -> str:
    """Empty outside a git checkout: then there is no earlier version to keep faith with."""
    command = ["git", "-C", str(folder), *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    return answer.stdout if answer.returncode == 0 else ""


def _text_of(locked: Sequence[Locked]) -> bytes:
    entries = [
        {"id": e.id, "name": e.name, "version": e.version, "fingerprint": e.fingerprint, "schema": e.schema}
        for e in sorted(locked, key=lambda entry: entry.id)
    ]
    lines = b",\n".join(b"  " + orjson.dumps(entry) for entry in entries)
    return b'{"schemas": [\n' + lines + b"\n]}\n"


if __name__ == "__main__":
    raise SystemExit(main())
