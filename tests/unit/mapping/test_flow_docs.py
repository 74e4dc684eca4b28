"""docs/flows.md: every example is a case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.mapping.order_flow import order_flow

from twinledger.mapping.yaml_source import load_yaml

PAGE = Path(__file__).parents[3] / "docs" / "flows.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text[:50])
def test_an_example_gives_what_the_page_says(text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(text)
    example = load_yaml(file).data
    flow = order_flow(example.get("derive"), example.get("back"))
    assert gives(flow, example) == example["gives"]


def gives(flow: Any, example: dict[str, Any]) -> Any:
    settings = example.get("settings", {})
    if "documents" in example:
        return flow.back(example["documents"], settings)
    given = dict(example["given"])
    documents = flow.derive(given, settings, given.pop("id", ""))
    fields = [{name: stated(value) for name, value in document.fields.items()} for document in documents]
    return fields if isinstance(example["gives"], list) else fields[0]


def stated(value: Any) -> Any:
    """Lines without what they do not say, as the page shows them."""
    if not isinstance(value, list):
        return value
    return [{name: cell for name, cell in line.items() if cell is not None} for line in value]
