"""Enrich, before planning: mode and deposit account of a payment, by the workspace's account table.

In: Entity, its rule, the workspace's settings    Out: fields set with the table as their cause; False when a
person must say first, with one question for each value that has no row
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from twinledger.enrich.observed import ROLE, BatchState
from twinledger.mapping.account_table import ASK, AccountTable
from twinledger.mapping.sync_rule import SyncRule
from twinledger.state.history import AuditRow
from twinledger.state.records import Clock, Entity, Review, Target

__all__ = ["QUESTION", "tell_accounts"]

QUESTION = "account_missing"
_WRITER = "accounts"


def tell_accounts(entity: Entity, rule: SyncRule, state: BatchState, now: datetime) -> bool:
    """May writes be planned?"""
    chosen, may_plan = state.settings.get("accounts", {}), True
    moved: dict[str, str] = {}
    for table in rule.accounts:
        if table.once and _is_held(entity, table, rule, state):
            continue
        word = table.told(entity.fields, chosen.get(table.field, {}))
        subject = f"accounts.{table.field}.{next(table.asked_for(entity.fields), '')}"
        if word == ASK:
            may_plan = False
            state.reviews.append(Review(state.workspace, QUESTION, subject, _evidence(entity, subject)))
        elif chosen:
            state.withdrawn.add((QUESTION, subject))
        if word not in (None, ASK, entity.fields.get(table.field)):
            moved[table.field] = word
    _set(entity, moved, rule, state, now)
    return may_plan


def _is_held(entity: Entity, table: AccountTable, rule: SyncRule, state: BatchState) -> bool:
    shadows = (state.shadows.get(Target(entity.id, name, ROLE)) for name in rule.systems)
    return any(shadow is not None and shadow.fields.get(table.field) is not None for shadow in shadows)


def _set(entity: Entity, moved: dict[str, Any], rule: SyncRule, state: BatchState, now: datetime) -> None:
    clock = Clock(entity.version + 1, _WRITER, now.isoformat())
    for name, word in moved.items():
        old = entity.fields.get(name)
        entity.set(name, word, clock)
        state.audit.append(
            AuditRow(state.workspace, entity.id, name, old, word, clock.writer, rule.definition)
        )
    entity.version += bool(moved)


def _evidence(entity: Entity, subject: str) -> dict[str, Any]:
    return {
        "entity": str(entity.id),
        "why": "no row for this value: what it is called in the books is told by a person",
        "try": f'twinledger admin settings set "{subject}" WORD',
    }
