"""Zoho Books: the resources we sync, what identifies them and what each PUT demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twinledger.connectors.zoho_platform.finance_resources import FinanceResource, stamp

__all__ = [
    "CUSTOM_FIELDS",
    "NATURAL_KEYS",
    "REFERENCE_FIELD",
    "RESOURCES",
    "Resource",
    "reference_of",
    "stamp",
]

REFERENCE_FIELD = "cf_twinledger_ref"
CUSTOM_FIELDS = "custom_fields"
"""The phase whose call sets custom fields alone."""


@dataclass(frozen=True, slots=True)
class Resource(FinanceResource):
    """`upsert`: creates go by our unique custom field. `modified_filter`: the list filters by stamp.
    `own_fields` are custom texts beside the reference that we write alone."""

    upsert: bool = True
    modified_filter: bool = False
    own_fields: tuple[str, ...] = ()


_ACTIVE = {"active": "active", "inactive": "inactive"}

RESOURCES: Mapping[str, Resource] = {
    resource.object: resource
    for resource in (
        Resource(
            object="zoho_books.contact",
            path="/contacts",
            singular="contact",
            plural=("contacts",),
            id_key="contact_id",
            demands=("contact_name",),
            newest_first=True,
            list_query=(
                ("contact_type", "customer"),
                ("filter_by", "Status.All"),
                ("sort_column", "last_modified_time"),
                ("sort_order", "D"),
            ),
            phases=_ACTIVE,
            entity="contact",
            payload_keys=("contact", "customer"),
        ),
        Resource(
            object="zoho_books.item",
            path="/items",
            singular="item",
            plural=("items",),
            id_key="item_id",
            demands=("name", "rate"),
            list_query=(("filter_by", "Status.All"), ("sort_column", "name"), ("sort_order", "A")),
            phases=_ACTIVE,
            entity="item",
            payload_keys=("item",),
        ),
        Resource(
            object="zoho_books.tax",
            path="/settings/taxes",
            singular="tax",
            plural=("taxes",),
            id_key="tax_id",
            demands=("tax_name", "tax_percentage"),
            upsert=False,
        ),
        Resource(
            object="zoho_books.sales_order",
            path="/salesorders",
            singular="salesorder",
            plural=("salesorders",),
            id_key="salesorder_id",
            demands=("customer_id", "line_items"),
            number="salesorder_number",
            modified_filter=True,
            list_query=(("sort_column", "last_modified_time"), ("sort_order", "A")),
            phases={"confirmed": "status/open", "open": "status/open", "void": "status/void"},
            entity="salesorder",
            payload_keys=("salesorder", "sales_order"),
            own_fields=("cf_twinledger_invoice", "cf_twinledger_payment_state"),
        ),
        Resource(
            object="zoho_books.invoice",
            path="/invoices",
            singular="invoice",
            plural=("invoices",),
            id_key="invoice_id",
            demands=("customer_id", "line_items"),
            number="invoice_number",
            modified_filter=True,
            list_query=(("sort_column", "created_time"), ("sort_order", "A")),
            phases={"sent": "status/sent", "void": "status/void", "draft": "status/draft"},
            entity="invoice",
            payload_keys=("invoice",),
        ),
        Resource(
            object="zoho_books.customer_payment",
            path="/customerpayments",
            singular="payment",
            plural=("customerpayments", "customer_payments"),
            id_key="payment_id",
            demands=("customer_id", "payment_mode", "amount", "invoices"),
            entity="customerpayment",
            payload_keys=("payment", "customerpayment", "customer_payment"),
        ),
    )
}

NATURAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "zoho_books.contact": ("contact_name",),
    "zoho_books.item": ("name",),
    "zoho_books.tax": ("tax_name", "tax_percentage"),
    "zoho_books.sales_order": ("salesorder_number",),
    "zoho_books.invoice": ("invoice_number",),
    "zoho_books.customer_payment": ("customer_id", "date"),
}
"""By what a list finds a record again; the first one is a filter of the list."""


def reference_of(record: Mapping[str, Any]) -> str | None:
    """Our reference, where the record carries one."""
    by_name = record.get("custom_field_hash")
    if isinstance(by_name, dict) and by_name.get(REFERENCE_FIELD):
        return str(by_name[REFERENCE_FIELD])
    for field in record.get("custom_fields") or ():
        if field.get("api_name") == REFERENCE_FIELD:
            return str(field.get("value"))
    return None
