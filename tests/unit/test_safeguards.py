"""Each safeguard that `make mutants` switches off names a passage that stands in its module, once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.mutants.safeguard import Safeguard
from tests.mutants.safeguards import SAFEGUARDS
from tests.mutants.switch import switched_off


@pytest.mark.parametrize("safeguard", SAFEGUARDS, ids=lambda one: one.name)
def test_its_passage_is_there_once(safeguard: Safeguard) -> None:
    spec = find_spec(safeguard.module)
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert switched_off(source, safeguard) != source
