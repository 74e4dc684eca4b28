"""Every case beside every shipped definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinledger.mapping.cases import Case, load_cases
from twinledger.mapping.definitions import load_shipped, shipped_files

FILES = [
    path
    for folder in ("connectors/*/mappings", "definitions/sync", "definitions/flows")
    for path in shipped_files(folder)
]
CASES = [case for path in FILES for case in load_cases(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.definition}: {case.name}")
def test_the_definition_does_as_its_case_says(case: Case) -> None:
    assert case.differences(load_shipped()) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_definition_has_cases(path: Path) -> None:
    assert list(load_cases(path))


def test_a_case_that_differs_is_told() -> None:
    case = next(case for case in CASES if case.definition == "freshbooks.tax")
    broken = Case(case.definition, case.name, case._given, case._expect.model_copy(update={"id": "1"}))
    assert broken.differences(load_shipped()) == ["id: expected '1', got '7840'"]
