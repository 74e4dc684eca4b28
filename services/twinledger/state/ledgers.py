"""State: money documents as the ledgers hold them, side by side; what was read last is what counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from twinledger.kernel.database import Connection
from twinledger.state.records import Fields

__all__ = ["Document", "Side", "documents", "unequal_by_currency"]

_UNPOSTED = ("draft", "void", "deleted")


@dataclass(frozen=True, slots=True)
class Side:
    """One ledger's record of a document; `status` as in the crosswalk."""

    object: str
    external_id: str
    status: str
    fields: Fields

    @property
    def state(self) -> str:
        """draft, sent, ...; a payment has none and is posted."""
        return "deleted" if self.status != "active" else str(self.fields.get("state") or "posted")

    @property
    def posted(self) -> Decimal:
        """What it adds to its ledger."""
        if self.state in _UNPOSTED:
            return Decimal(0)
        return Decimal(self.fields.get("total") or self.fields.get("amount") or 0)

    @property
    def owed(self) -> Decimal:
        """What of it is still to be paid, by its ledger."""
        return Decimal(0) if self.state in _UNPOSTED else Decimal(self.fields.get("balance") or 0)


@dataclass(frozen=True, slots=True)
class Document:
    """A document of `entity_type`; `ledgers` are the objects that should hold it, `sides` those that do."""

    entity_id: UUID
    entity_type: str
    origin: str
    fields: Fields
    ledgers: Sequence[str]
    sides: Mapping[str, Side] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)
    """Object -> what its open write waits for."""

    @property
    def currency(self) -> str:
        """Its own, or what a side says."""
        stated = [self.fields.get("currency"), *(side.fields.get("currency") for side in self.sides.values())]
        return next((str(one) for one in stated if one), "?")

    @property
    def account(self) -> str:
        """Its kind; of a payment that names its deposit account also that."""
        deposit = self.fields.get("deposit_account")
        return f"{self.entity_type} to {deposit}" if deposit else self.entity_type

    @property
    def name(self) -> str:
        """As people call it."""
        number = self.fields.get("number") or self.fields.get("reference_number")
        return f"{self.entity_type} {number}" if number else f"{self.entity_type} {self.origin}"

    def posted(self, ledger: str) -> Decimal:
        """What it adds to one ledger; nothing where it is not, or not posted."""
        return self.sides[ledger].posted if ledger in self.sides else Decimal(0)

    def owed(self, ledger: str) -> Decimal:
        """What one ledger still waits for; nothing where it is not, or not posted."""
        return self.sides[ledger].owed if ledger in self.sides else Decimal(0)

    @property
    def tells_owed(self) -> bool:
        """Does any ledger say what is still to be paid?"""
        return any(side.fields.get("balance") is not None for side in self.sides.values())

    @property
    def is_unequal(self) -> bool:
        return len({self.posted(ledger) for ledger in self.ledgers}) > 1


async def documents(
    connection: Connection,
    workspace: str,
    ledgers: Mapping[str, Sequence[str]],
    since: date | None = None,
    until: date | None = None,
) -> list[Document]:
    """Documents dated in the period, both days included; `ledgers`: entity type -> objects that hold it."""
    rows = await connection.fetch(
        _DOCUMENTS,
        workspace,
        list(ledgers),
        since.isoformat() if since else "",
        until.isoformat() if until else "9999",
    )
    return [_document(row, ledgers[row["type"]]) for row in rows]


def _document(row: Any, ledgers: Sequence[str]) -> Document:
    sides = {one["object"]: Side(**one) for one in row["sides"] or () if one["object"] in ledgers}
    writes = {one["object"]: one["why"] for one in row["writes"] or ()}
    return Document(row["id"], row["type"], row["origin"], row["fields"], ledgers, sides, writes)


async def unequal_by_currency(
    connection: Connection, workspace: str, ledgers: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """Documents that both ledgers hold with different posted amounts; every currency in use has a number."""
    found: dict[str, int] = {}
    for document in await documents(connection, workspace, ledgers):
        both_posted = all(document.posted(ledger) for ledger in ledgers[document.entity_type])
        found.setdefault(document.currency, 0)
        found[document.currency] += both_posted and document.is_unequal
    return found


_DOCUMENTS = """
    select e.id, e.type, e.origin, e.fields,
           (select jsonb_agg(jsonb_build_object('object', c.object, 'external_id', c.external_id,
                                                'status', c.status, 'fields', coalesce(s.fields, '{}'))
                             order by c.status <> 'active' desc, c.linked_at)
              from crosswalk c
              left join shadow s on s.entity_id = c.entity_id and s.object = c.object and s.role = c.role
             where c.entity_id = e.id and c.status in ('active', 'deleted')) as sides,
           (select jsonb_agg(jsonb_build_object('object', i.object, 'why',
                       case i.state when 'planned' then 'a write is planned'
                                    when 'rejected' then 'a write was refused: ' || coalesce(i.error, '')
                                    else 'a write is on its way' end) order by i.planned_at)
              from intent i where i.entity_id = e.id
               and i.state in ('planned', 'sending', 'unknown', 'rejected')) as writes
      from entity e
     where e.workspace = $1 and e.type = any($2)
       and coalesce(e.fields ->> 'date', '') between $3 and $4
     order by e.fields ->> 'date', e.type, e.origin
"""
