"""Connectors: proves, before it is relied on, that a second product of a vendor shows the same records.

What is heard of through it is read and written through the first product under the same id. That both name
a record alike is the vendor's word and not in its reference, so the newest record of each object is read
through both when an account is connected, and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinledger.connectors.base.contract import CallPermit, Connector, SourceDocument
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.document import decode

__all__ = ["not_shared"]


async def not_shared(
    connectors: Mapping[str, Connector], permits: Mapping[str, CallPermit], definitions: Definitions
) -> list[str]:
    """Records that the two products do not show alike; an object without records says nothing."""
    found: list[str] = []
    for name, shown in definitions.shared.items():
        system, other = name.partition(".")[0], shown.partition(".")[0]
        if system not in connectors or other not in connectors:
            continue
        page = await connectors[system].source.changed_since(name, None, None, permits[system])
        newest = [external_id for external_id, _ in page.ids_to_read][:1]
        if not newest:
            continue
        (here,) = (await connectors[system].source.read(name, newest, permits[system])).documents
        (there,) = (await connectors[other].source.read(shown, newest, permits[other])).documents
        if not _alike(here, there, definitions):
            found.append(f"{name}/{newest[0]}")
    return found


def _alike(here: SourceDocument, there: SourceDocument, definitions: Definitions) -> bool:
    """By what identifies such a record: its number, its code and name."""
    if here.gone or there.gone:
        return here.gone  # deleted since it was listed: it says nothing
    mapping = definitions.mappings[here.object]
    said = mapping.read(decode(here.document)).fields
    also = definitions.mappings[there.object].read(decode(there.document)).fields
    names: Sequence[str] = definitions.sync_rules[mapping.entity].identifying
    return all(said.get(name) == also.get(name) for name in names)
