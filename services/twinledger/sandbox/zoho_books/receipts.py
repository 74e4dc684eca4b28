"""Sandbox, Zoho finance: files attached to expenses, beside their records."""

import base64
from typing import Any

__all__ = ["Receipts"]


class Receipts:
    def __init__(self) -> None:
        self._files: dict[str, tuple[str, bytes]] = {}

    def keep(self, record_id: str, media_type: str, content: bytes) -> None:
        self._files[record_id] = (media_type, content)

    def find(self, record_id: str) -> tuple[str, bytes] | None:
        return self._files.get(record_id)

    def drop(self, record_id: str) -> None:
        self._files.pop(record_id, None)

    def dump(self) -> Any:
        return {key: [kind, base64.b64encode(file).decode()] for key, (kind, file) in self._files.items()}

    def load(self, state: Any) -> None:
        self._files = {key: (kind, base64.b64decode(file)) for key, (kind, file) in state.items()}
