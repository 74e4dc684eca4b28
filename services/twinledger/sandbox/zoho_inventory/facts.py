"""Sandbox, Zoho Inventory: the unverified facts of the sheet, each a switch with a default."""

from ..switches import Switch

__all__ = ["SWITCHES"]


def _switch(name: str, default: bool | str | int, sheet: str, about: str, *choices: str | int) -> Switch:
    return Switch(f"zoho_inventory.{name}", default, f"zoho-finance {sheet}", about, choices)


SWITCHES = (
    _switch("shares_day_quota", False, "3.1", "Books and Inventory count into one daily quota"),
    _switch("order_key", "salesorder", "3.1", "answer key of POST /salesorders", "salesorder", "sales_order"),
    _switch(
        "package_answer", "object", "3.3", "POST /packages answers an object or an array", "object", "array"
    ),
    _switch("packages_key", "packages", "3.3", "answer key of GET /packages", "packages", "packagea"),
    _switch(
        "shipment_key", "shipmentorder", "3.3", "answer key of shipments", "shipmentorder", "shipment_order"
    ),
    _switch(
        "times",
        "books",
        "3.3",
        "form of time stamps: as Books, or 2026-01-11 00:00:00+00:00",
        "books",
        "utc",
    ),
    _switch(
        "filters_ignored",
        True,
        "3.3",
        "exact filters on packages, and all but paging on bills and sales returns, are ignored",
    ),
)
