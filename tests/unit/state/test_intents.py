"""A stored intent is read back by the order of its columns."""

from __future__ import annotations

from dataclasses import fields

from twinledger.state.intents import INTENT_COLUMNS
from twinledger.state.records import Intent, Target


def test_the_columns_stand_in_the_order_of_the_fields() -> None:
    in_memory = [one.name for one in fields(Intent) if one.name != "changed"]
    at = in_memory.index("target")
    in_memory[at : at + 1] = Target._fields
    assert [column.strip() for column in INTENT_COLUMNS.split(",")] == in_memory
