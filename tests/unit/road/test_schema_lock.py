from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

from twinledger.kernel.resources import schema_dir
from twinledger.road.schema_lock import extended, main, problems
from twinledger.road.schemas import load_lock, read_schemas


def thing(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"thing": {"type": "record", "name": "Thing", "fields": list(fields)}}


A = {"name": "a", "type": "string", "class": "public"}
B = {"name": "b", "type": ["null", "string"], "default": None, "class": "contact"}


def test_the_schemas_that_ship_hold_every_promise() -> None:
    assert main(["--check"]) == 0
    assert list(problems(load_lock(schema_dir()), read_schemas(schema_dir()))) == []


def test_a_new_version_gets_the_next_id_and_old_entries_stay() -> None:
    first = extended([], thing(A))
    second = extended(first, thing(A, B))
    assert second[: len(first)] == first
    assert [(entry.id, entry.version) for entry in second] == [(1, 1), (2, 2)]


def test_a_new_description_needs_no_new_id() -> None:
    first = extended([], thing(A))
    assert extended(first, thing(A | {"doc": "words", "path": "x.y", "class": "contact"})) == first


def test_going_back_to_an_earlier_form_needs_no_new_id() -> None:
    both = extended(extended([], thing(A)), thing(A, B))
    assert extended(both, thing(A)) == both


def test_a_field_without_default_is_a_problem_in_both_directions() -> None:
    required = {"name": "c", "type": "string", "class": "public"}
    for before, after in ((thing(A), thing(A, required)), (thing(A, required), thing(A))):
        locked = extended(extended([], before), after)
        assert any("c: has no default" in problem for problem in problems(locked, after))


def test_an_earlier_version_counts_even_when_the_last_one_fits() -> None:
    int_b = {"name": "b", "type": "int", "default": 0, "class": "public"}
    locked = extended(extended(extended([], thing(A, int_b)), thing(A)), thing(A, B))
    found = list(problems(locked, thing(A, B)))
    assert any("version 1" in problem and "version 3" in problem for problem in found)


def test_a_schema_without_id_and_a_field_without_class_are_named() -> None:
    found = list(problems([], thing({"name": "a", "type": "string"})))
    assert "thing.avsc: a has no class" in found
    assert any("has no id" in problem for problem in found)


def test_a_nested_field_without_class_is_named() -> None:
    line = {"type": "record", "name": "Line", "fields": [{"name": "sku", "type": "string"}]}
    lines = {"name": "lines", "class": "business", "type": {"type": "array", "items": line}}
    assert "thing.avsc: lines.sku has no class" in list(problems([], thing(lines)))


def test_floats_and_types_inside_themselves_are_refused() -> None:
    price = {"name": "price", "type": ["null", "double"], "default": None, "class": "business"}
    child = {"name": "child", "type": ["null", "Thing"], "default": None, "class": "public"}
    found = list(problems([], thing(price, child)))
    assert any("price" in problem and "decimal text" in problem for problem in found)
    assert any("child" in problem and "refers to Thing" in problem for problem in found)


def test_a_changed_entry_is_found() -> None:
    (entry,) = extended([], thing(A))
    (changed,) = extended([], thing(A, B))
    forged = type(entry)(entry.id, entry.name, entry.version, entry.fingerprint, changed.schema)
    assert any("was changed" in problem for problem in problems([forged], thing(A)))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout whose one commit holds a locked schema."""
    (tmp_path / "thing.avsc").write_bytes(orjson.dumps(thing(A)["thing"]))
    assert main([], tmp_path) == 0
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    who = {
        f"GIT_{role}_{part}": "test@invalid" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env={**os.environ, **who})


def test_a_fitting_change_is_locked_and_passes_the_check(checkout: Path) -> None:
    (checkout / "thing.avsc").write_bytes(orjson.dumps(thing(A, B)["thing"]))
    assert main(["--check"], checkout) == 1
    assert main([], checkout) == 0
    assert main(["--check"], checkout) == 0


def test_an_unfit_change_gets_no_id(checkout: Path) -> None:
    (checkout / "thing.avsc").write_bytes(orjson.dumps(thing(A | {"type": "int"})["thing"]))
    before = (checkout / "ids.lock.json").read_bytes()
    assert main([], checkout) == 1
    assert (checkout / "ids.lock.json").read_bytes() == before


def test_a_committed_id_that_was_dropped_is_found(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "ids.lock.json").unlink()
    (checkout / "thing.avsc").write_bytes(orjson.dumps(thing(A, B)["thing"]))
    assert main([], checkout) == 1
    assert "id 1 (thing version 1) of commit" in capsys.readouterr().err
