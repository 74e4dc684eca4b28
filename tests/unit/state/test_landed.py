"""Whether a lost update landed, by what its record shows."""

from __future__ import annotations

from typing import Any

import pytest

from twinledger.state.landed import has_landed

Values = dict[str, Any]


@pytest.mark.parametrize(
    ("shown", "sent", "before", "landed"),
    [
        pytest.param({"a": 1, "b": 9}, {"a": 1, "b": 2}, {"a": 0, "b": 0}, True, id="the rest typed over"),
        pytest.param({"a": 1, "b": 0}, {"a": 1, "b": 2}, {"a": 0, "b": 0}, False, id="the rest is as before"),
        pytest.param({"a": 8, "b": 9}, {"a": 1, "b": 2}, {"a": 0, "b": 0}, False, id="all of it is another"),
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 2}, False, id="nothing had to move"),
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 0, "b": 2}, True, id="one had to move"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, {}, True, id="what is not shown tells nothing"),
        pytest.param({"a": 1, "b": None}, {"a": 1, "b": 2}, {}, False, id="shown empty, as before"),
        pytest.param({"a": 1}, {}, {}, False, id="nothing was sent"),
    ],
)
def test_has_landed(shown: Values, sent: Values, before: Values, landed: bool) -> None:
    assert has_landed(shown, sent, before) is landed
