"""Which call a scripted fault strikes."""

from random import Random
from typing import Any

import pytest

from twinledger.sandbox.faults import FaultError, Faults


def _strikes(script: dict[str, Any], calls: int) -> list[int]:
    faults = Faults(Random(1))
    faults.add(script)
    return [number for number in range(1, calls + 1) if faults.strike("shop", "POST", "/shop/v1/contacts/7")]


@pytest.mark.parametrize(
    ("script", "struck"),
    [
        ({}, [1]),
        ({"nth": 3}, [3]),
        ({"nth": 2, "times": 2}, [2, 3]),
        ({"times": None}, [1, 2, 3, 4, 5]),
        ({"match": {"method": "GET"}}, []),
        ({"match": {"path": "/shop/v1/contacts/{id}"}}, [1]),
        ({"match": {"path": "/shop/*"}}, [1]),
        ({"match": {"path": "/shop"}}, []),
        ({"system": "other"}, []),
    ],
)
def test_nth_times_and_match(script: dict[str, Any], struck: list[int]) -> None:
    assert _strikes({"fault": "html", **script}, 5) == struck


def test_a_rate_is_reproducible_from_the_seed() -> None:
    script = {"fault": "html", "rate": 0.3, "times": None}
    assert _strikes(script, 200) == _strikes(script, 200)
    assert 30 < len(_strikes(script, 200)) < 90


@pytest.mark.parametrize("text", ["", "moon", "drip", "drip:x", "status_before:99", "lag:-1", None])
def test_a_script_that_makes_no_sense_is_refused(text: str | None) -> None:
    with pytest.raises(FaultError):
        Faults(Random(1)).add({"fault": text})
