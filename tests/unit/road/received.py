"""Records as if read from a topic."""

from __future__ import annotations

from tests.fakes.clock import START

from twinledger.road.broker import Received
from twinledger.road.envelope import Headers


def received(
    key: str, offset: int, *, topic: str = "t", value: bytes = b"v", headers: Headers = ()
) -> Received:
    return Received(topic, 0, offset, key.encode(), value, headers, START)
