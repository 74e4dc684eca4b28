"""Sandbox: all randomness, one seeded stream per purpose.

Streams are independent: a webhook lost or not never changes the next token.
"""

import random
import uuid
from typing import Any

__all__ = ["Randomness"]


class Randomness:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, name: str) -> random.Random:
        stream = self._streams.get(name)
        if stream is None:
            stream = random.Random(f"{self.seed}:{name}")  # noqa: S311 - simulated data, not secrets of anybody
            self._streams[name] = stream
        return stream

    def token(self, name: str, hex_chars: int) -> str:
        return f"{self.stream(name).getrandbits(hex_chars * 4):0{hex_chars}x}"

    def uuid(self, name: str) -> str:
        return str(uuid.UUID(int=self.stream(name).getrandbits(128), version=4))

    def dump(self) -> Any:
        return {name: stream.getstate() for name, stream in self._streams.items()}

    def load(self, state: Any) -> None:
        for name, (version, internal, gauss) in state.items():
            self.stream(name).setstate((version, tuple(internal), gauss))
