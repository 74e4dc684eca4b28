"""A mapping names an operator's function as `custom.<name>`; what is wrong names file, field and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinledger.mapping.custom.installed import SETTING
from twinledger.mapping.definitions import load_mapping
from twinledger.mapping.errors import DefinitionError, MappingError
from twinledger.mapping.lens import ObjectMapping

MAPPING = """
object: freshbooks.item
entity: item
version: 1
identity: {id: id}
fields:
  name: {path: name, apply: [trim]}
  sku:  {path: sku, apply: [custom.FUNCTION]}
"""


def mapping(folder: Path, function: str) -> ObjectMapping:
    file = folder / "item.yaml"
    file.write_text(MAPPING.replace("FUNCTION", function))
    return load_mapping(file)


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "functions.py"
    file.write_text("FUNCTIONS = {'shelf': (lambda v: v.replace('-', ''), lambda v: v[:2] + '-' + v[2:])}\n")
    monkeypatch.setenv(SETTING, str(file))
    return file


def test_reads_and_writes_through_the_function(functions: Path, tmp_path: Path) -> None:
    lens = mapping(tmp_path, "shelf")
    assert lens.read({"id": "7", "sku": "AB-12"}).fields == {"sku": "AB12"}
    body = lens.write({"sku": "AB12"}, ["sku"], creating=False, reference=None, resolve=lambda name: name)
    assert body == {"sku": "AB-12"}


def test_a_value_the_function_cannot_take_is_a_mapping_error(functions: Path, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"custom\.shelf failed: AttributeError") as refused:
        mapping(tmp_path, "shelf").read({"id": "7", "sku": 12})
    assert refused.value.field == "sku"


def test_an_unknown_function_is_named_with_those_there_are(functions: Path, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"item\.yaml:8: fields\.sku.*there are: custom\.shelf"):
        mapping(tmp_path, "shelve")


def test_without_a_file_the_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    with pytest.raises(DefinitionError, match="TWINLEDGER_FUNCTIONS"):
        mapping(tmp_path, "shelf")
