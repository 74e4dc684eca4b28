"""docs/extending.md, done: its lines added to copies of the shipped files give a field in both directions."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from twinledger.kernel.resources import schema_dir
from twinledger.mapping.catalogue import find
from twinledger.mapping.compiler import compile_mapping
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import EntityModel, load_entity_models
from twinledger.mapping.lens import ObjectMapping
from twinledger.mapping.models import MappingFile
from twinledger.mapping.sync_models import SyncFile
from twinledger.mapping.sync_rule import SyncRule, compile_sync_rule
from twinledger.mapping.yaml_source import load_yaml

PAGE = Path(__file__).parents[3] / "docs" / "extending.md"
FAX = "+12075550199"


def block(name: str) -> str:
    found = re.search(rf"```\w+ {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None, f"the page has no block {name}"
    return found[1]


@pytest.fixture
def models(tmp_path: Path) -> dict[str, EntityModel]:
    folder = tmp_path / "schemas"
    shutil.copytree(schema_dir(), folder)
    file = folder / "observation.customer.avsc"
    schema = json.loads(file.read_text())
    schema["fields"].append(json.loads(block("schema")))
    file.write_text(json.dumps(schema))
    return load_entity_models(folder)


def with_line(folder: Path, name: str, below: str, line: str) -> Path:
    """A copy of the shipped definition with one line more."""
    entry = find(name)
    assert entry is not None
    file = folder / f"{name}.yaml"
    text = entry.path.read_text()
    assert below in text
    file.write_text(
        re.sub(rf"^{below}.*\n", lambda found: found[0] + line, text, count=1, flags=re.MULTILINE)
    )
    return file


def mapping(folder: Path, name: str, system: str, models: dict[str, EntityModel]) -> ObjectMapping:
    source = load_yaml(with_line(folder, name, "fields:", block(system)))
    return compile_mapping(source.parse(MappingFile), models)


def test_one_line_a_file_serves_both_directions(tmp_path: Path, models: dict[str, EntityModel]) -> None:
    client = mapping(tmp_path, "freshbooks.client", "freshbooks", models)
    contact = mapping(tmp_path, "zoho_crm.contact", "zoho_crm", models)
    (case,) = yaml.safe_load(block("case"))
    fields = client.read(case["given"]["document"]).fields
    assert fields["phones.fax"] == case["expect"]["includes"]["phones.fax"] == FAX
    body = contact.write(fields, ["phones.fax"], creating=False, reference=None, resolve=lambda name: name)
    assert body == {"Fax": FAX}
    assert contact.read({"id": "7", **body}).fields["phones.fax"] == FAX


def test_the_policy_says_who_wins(tmp_path: Path, models: dict[str, EntityModel]) -> None:
    rule = _rule(tmp_path, models, block("policy"))
    assert rule.policy["phones.fax"].kind == "lww"
    with pytest.raises(ValueError, match=r"no policy for phones\.fax"):
        _rule(tmp_path, models, "")


def _rule(folder: Path, models: dict[str, EntityModel], line: str) -> SyncRule:
    source = load_yaml(with_line(folder, "customer", "policy:", line))
    return compile_sync_rule(source.parse(SyncFile), models, load_shipped().mappings)
