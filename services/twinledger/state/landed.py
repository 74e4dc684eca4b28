"""State: whether an update whose answer was lost has landed, told by what its record shows afterwards.

Vendors apply an update whole or not at all. So a value of it that was not there before tells that all of it
landed and that what differs was typed over it, but not while another field still holds what it held before:
then nothing landed, and somebody typed the same value there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["landed_in_part"]


def landed_in_part(shown: Mapping[str, Any], sent: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Canonical values by path: of the record now, of the update, of the record before it."""
    moved = {path for path, value in sent.items() if path in shown and before.get(path) != value}
    return any(shown[path] == sent[path] for path in moved) and not any(
        shown[path] == before.get(path) for path in moved
    )
