"""Sandbox: what the list faults change about every table while one call is served."""

from dataclasses import dataclass

__all__ = ["Visibility"]


@dataclass(slots=True)
class Visibility:
    """`hidden_after`: records born after this moment are not in lists (search lag); None conceals nothing.
    `shift`: pages after the first begin so many rows early, as if that many records had come in before
    them since the page before; negative: late, as if they had gone.
    """

    hidden_after: float | None = None
    shift: int = 0

    def shifted(self, offset: int) -> int:
        return max(0, offset - self.shift) if offset else 0
