"""Mapping: which documents move money, and which objects of two ledgers hold the same one."""

from __future__ import annotations

from collections.abc import Mapping

from twinledger.mapping.definitions import Definitions
from twinledger.mapping.entity_model import EntityModel

__all__ = ["LEDGERS", "ledger_objects", "moves_money"]

LEDGERS = ("freshbooks", "zoho_books")


def moves_money(model: EntityModel) -> bool:
    """Documents with lines, and payments: what is posted there is never changed by the sync itself."""
    return not {"lines", "amount"}.isdisjoint(model.fields)


def ledger_objects(definitions: Definitions, models: Mapping[str, EntityModel]) -> dict[str, tuple[str, str]]:
    """Entity type -> its object in each of the two ledgers; types that only one holds are left out."""
    found: dict[str, tuple[str, str]] = {}
    for entity, rule in definitions.sync_rules.items():
        mine = [name for system in LEDGERS for name in rule.systems if name.partition(".")[0] == system]
        if moves_money(models[entity]) and len(mine) == len(LEDGERS):
            found[entity] = (mine[0], mine[1])
    return found
