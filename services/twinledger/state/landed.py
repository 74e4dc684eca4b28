"""State: whether an update whose answer was lost has landed, told by what its record shows afterwards.

Vendors apply an update whole or not at all. So a value of it that was not there before tells that all of it
landed and that what differs was typed over it. Where another field still holds what it held before, there are
two readings: nothing landed and somebody typed the same value there, or all landed and somebody put that
field back. The first is assumed; the second costs that person's edit (decision 0029).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["has_landed"]


def has_landed(shown: Mapping[str, Any], sent: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Canonical values by path: of the record now, of the update, of the record before it. What `shown` does
    not state tells nothing."""
    moved = {path for path, value in sent.items() if path in shown and before.get(path) != value}
    return any(shown[path] == sent[path] for path in moved) and not any(
        shown[path] == before.get(path) for path in moved
    )
