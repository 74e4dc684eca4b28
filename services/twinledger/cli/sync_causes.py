"""CLI: why the two ledgers do not count a document alike, in words an accountant can act on."""

from __future__ import annotations

from collections.abc import Mapping

from twinledger.kernel.database import Connection
from twinledger.mapping.definitions import Definitions
from twinledger.mapping.explain import Difference, explain_difference
from twinledger.mapping.money_documents import money_document
from twinledger.state.ledgers import Document, Side

__all__ = ["cause_of", "load_taxes"]


def cause_of(document: Document, definitions: Definitions, taxes: Mapping[str, Mapping[str, str]]) -> str:
    """The first of: not there, deleted, not posted, another currency, another amount, other payments."""
    for ledger in document.ledgers:
        side = document.sides.get(ledger)
        if side is None:
            return f"not in {_system(ledger)}: {document.writes.get(ledger, 'never made there')}"
        if side.state == "deleted":
            return f"deleted in {_system(ledger)}"
    left, right = (document.sides[ledger] for ledger in document.ledgers)
    if left.state != right.state:
        open_write = next((f"; {why}" for why in document.writes.values()), "")
        return f"{left.state} in {_system(left.object)}, {right.state} in {_system(right.object)}{open_write}"
    if document.writes:
        return "; ".join(f"{_system(name)}: {why}" for name, why in sorted(document.writes.items()))
    currencies = [side.fields.get("currency") for side in (left, right)]
    if None not in currencies and currencies[0] != currencies[1]:
        return f"{currencies[0]} in {_system(left.object)}, {currencies[1]} in {_system(right.object)}"
    if left.posted == right.posted:
        owed = [f"{side.owed:f} owed in {_system(side.object)}" for side in (left, right)]
        return f"paid otherwise, see its payments: {', '.join(owed)}"
    amounts = [f"{side.posted:f} in {_system(side.object)}" for side in (left, right)]
    parts = [part.as_text() for part in _explained(left, right, definitions, taxes)]
    return f"amounts differ: {'; '.join([', '.join(amounts), *parts])}"


def _explained(
    left: Side, right: Side, definitions: Definitions, taxes: Mapping[str, Mapping[str, str]]
) -> tuple[Difference, ...]:
    """Line by line, where there are lines; their sums are the difference of the totals."""
    if not (left.fields.get("lines") and right.fields.get("lines")):
        return ()
    ours, theirs = (
        money_document(definitions.mappings[side.object], side.fields, lambda name: taxes.get(name, {}))
        for side in (left, right)
    )
    return explain_difference(ours, theirs)


async def load_taxes(connection: Connection, workspace: str) -> dict[str, Mapping[str, str]]:
    """Tax entities by reference."""
    rows = await connection.fetch(
        "select id, fields from entity where workspace = $1 and type = 'tax'", workspace
    )
    return {f"entity:{row['id']}": row["fields"] for row in rows}


def _system(object_name: str) -> str:
    return object_name.partition(".")[0]
