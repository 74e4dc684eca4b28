"""Flows of sales orders to invoices, made for one test from the parts that matter to it."""

from __future__ import annotations

from typing import Any

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.flow import Flow, compile_flow
from twinledger.mapping.flow_models import FlowFile

__all__ = ["order_flow"]


def order_flow(derive: dict[str, Any] | None = None, back: dict[str, Any] | None = None, **file: Any) -> Flow:
    """A compiled flow; Problem where it is wrong."""
    derivation = {
        "entity": "invoice",
        "key": ["sales_order.id", *(["part"] if "split_by" in (derive or {}) else [])],
        "target": "freshbooks.invoice",
        "fields": {},
        **(derive or {}),
    }
    data = {"flow": "test", "on": {"entity": "sales_order"}, "derive": derivation, "back": back, **file}
    return compile_flow(FlowFile.model_validate(data), entity_models(), load_shipped().mappings)
