"""Ingest: the gate before the first write: what the first walk lists is noted until enrich has taken it in.

A document that its mapping does not accept never reaches enrich, so it is not noted, or left out once
it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twinledger.connectors.base.contract import SourceDocument
from twinledger.kernel.database import Connection
from twinledger.mapping.document import decode
from twinledger.mapping.errors import MappingError
from twinledger.mapping.lens import ObjectMapping
from twinledger.state.first_sight import note_listed, taken_in
from twinledger.state.records import ExternalKey

__all__ = ["FirstRead"]


@dataclass(slots=True)
class FirstRead:
    """Costs nothing once the gate is open."""

    workspace: str
    mappings: Mapping[str, ObjectMapping]
    gate_is_open: bool = False

    async def look(self, connection: Connection) -> None:
        """Ask whether the loader has opened the gate."""
        opened = "select opened_at is not null and not catching_up from workspace where id = $1"
        self.gate_is_open = bool(await connection.fetchval(opened, self.workspace))

    async def note(
        self,
        connection: Connection,
        object_name: str,
        documents: Sequence[SourceDocument],
        ids: Sequence[str],
    ) -> None:
        """What a page of the first walk listed, before it travels on."""
        keys = [ExternalKey(object_name, one) for one in ids]
        keys += [_key(document) for document in documents if self._travels(document)]
        if keys:
            await note_listed(connection, self.workspace, keys)

    async def leave_out(self, connection: Connection, documents: Iterable[SourceDocument]) -> None:
        """Strike off what was read and will not travel."""
        if self.gate_is_open:
            return
        keys = [_key(document) for document in documents if not self._travels(document)]
        if keys:
            await taken_in(connection, self.workspace, keys)

    def _travels(self, document: SourceDocument) -> bool:
        """A document nobody can read travels too: it ends as a dead letter, which the gate knows."""
        if document.gone:
            return True
        try:
            return self.mappings[document.object].accepts(decode(document.document))
        except MappingError:
            return True


def _key(document: SourceDocument) -> ExternalKey:
    return ExternalKey(document.object, document.external_id)
