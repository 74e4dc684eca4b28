"""FreshBooks: nothing to prepare: it has no custom fields, references travel in fields that exist."""

from __future__ import annotations

from collections.abc import Sequence

from twinledger.connectors.base.access import CallPermit

__all__ = ["FreshBooksSetUp"]


class FreshBooksSetUp:
    """The empty step."""

    async def ensure_reference_fields(self, objects: Sequence[str], permit: CallPermit) -> Sequence[str]:
        return ()
