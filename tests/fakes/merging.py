"""An entity, a side's base and a change of it, for the merge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from twinledger.enrich.steps.merge_fields import Change
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.state.records import Clock, Entity, Shadow, Target

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID(int=7)
LWW = {"email": FieldPolicy("lww"), "phone": FieldPolicy("lww"), "name": FieldPolicy("lww")}


def an_entity(version: int = 1, **fields: Any) -> Entity:
    clocks = {path: Clock(version, "freshbooks.client", NOON.isoformat()) for path in fields}
    return Entity(ID, "default", "customer", version, "freshbooks.client/1", dict(fields), clocks)


def a_shadow(base: int, **fields: Any) -> Shadow:
    target = Target(ID, "zoho_crm.contact", "primary")
    return Shadow(target, "9", dict(fields), dict.fromkeys(fields, base), "hash", NOON, NOON)


def a_change(minutes: int = 1, writer: str = "zoho_crm.contact", **fields: Any) -> Change:
    at = NOON + timedelta(minutes=minutes)
    return Change(writer, writer.partition(".")[0], dict(fields), at, at + timedelta(seconds=1))
