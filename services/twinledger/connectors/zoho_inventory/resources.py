"""Zoho Inventory: the resources we sync. None is an upsert: a lost create is looked for by its carrier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twinledger.connectors.zoho_platform.finance_resources import FinanceResource

__all__ = ["RESOURCES", "Resource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(FinanceResource):
    """`carrier`: the field that holds our reference, or the business's own code in its place."""

    carrier: str


RESOURCES: Mapping[str, Resource] = {
    resource.object: resource
    for resource in (
        Resource(
            object="zoho_inventory.item",
            path="/items",
            singular="item",
            plural=("items",),
            id_key="item_id",
            demands=("name", "rate"),
            list_query=(("filter_by", "Status.All"), ("sort_column", "name"), ("sort_order", "A")),
            phases={"active": "active", "inactive": "inactive"},
            entity="item",
            payload_keys=("item",),
            carrier="sku",
        ),
        Resource(
            object="zoho_inventory.sales_order",
            path="/salesorders",
            singular="salesorder",
            plural=("salesorders",),
            id_key="salesorder_id",
            demands=("customer_id", "line_items"),
            number="salesorder_number",
            newest_first=True,
            list_query=(("sort_column", "last_modified_time"), ("sort_order", "D")),
            phases={"confirmed": "status/confirmed", "void": "status/void"},
            entity="salesorder",
            payload_keys=("salesorder", "sales_order"),
            carrier="reference_number",
        ),
    )
}
