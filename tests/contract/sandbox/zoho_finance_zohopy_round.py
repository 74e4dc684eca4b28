# mypy: ignore-errors
# It runs where our types and tools are not: in the environment of the client it tries.
"""Runs in the environment of PyPI zohopy, never in ours: Books and Inventory, host tables patched."""

import json
import sys
from pathlib import Path

from zohopy import DataCenter, SyncZohoClient, ZohoConfig, ZohoError, config
from zohopy.products.books import ZohoBooks
from zohopy.products.inventory import ZohoInventory

urls = json.loads(Path(sys.argv[1]).read_text())["zoho"]["us"]
config._API_URLS[DataCenter.US] = urls["api_domain"]
config._ACCOUNTS_URLS[DataCenter.US] = urls["accounts"]
seen: dict = {}


def refused(call, *arguments, **named) -> list:
    try:
        call(*arguments, **named)
    except ZohoError as exc:
        return [type(exc).__name__, exc.status_code, exc.code]
    return ["nothing was refused"]


def books_round(books: ZohoBooks) -> str:
    made = [books.contacts.create({"contact_name": f"Harbor {number}"})["contact"] for number in range(5)]
    pages = [len(page["contacts"]) for page in books.contacts.list_all(per_page=2)]
    seen["pages"] = pages
    customer_id = made[0]["contact_id"]
    changed = books.contacts.update(customer_id, {"contact_name": "Harbor Bakery", "notes": "n"})
    seen["updated"] = [changed["message"], changed["contact"]["notes"]]
    seen["inactive"] = books.contacts.mark_inactive(made[1]["contact_id"])["message"]
    seen["deleted"] = books.contacts.delete(made[2]["contact_id"])["message"]
    seen["gone"] = refused(books.contacts.get, made[2]["contact_id"])
    seen["invalid"] = refused(books.contacts.create, {})
    lines = [{"name": "Work", "rate": 10, "quantity": 4}]
    invoice = books.invoices.create({"customer_id": customer_id, "line_items": lines})["invoice"]
    seen["sent"] = books.invoices.mark_sent(invoice["invoice_id"])["message"]
    seen["voided"] = books.invoices.void(invoice["invoice_id"])["message"]
    seen["drafted"] = books.invoices.mark_draft(invoice["invoice_id"])["message"]
    seen["deleted_invoice"] = books.invoices.delete(invoice["invoice_id"])["message"]
    return customer_id


def inventory_round(inventory: ZohoInventory, customer_id: str) -> None:
    item = inventory.items.create({"name": "Mug", "rate": 14})["item"]
    lines = [{"item_id": item["item_id"], "quantity": 2}]
    order = inventory.sales_orders.create({"customer_id": customer_id, "line_items": lines})["salesorder"]
    order_id = order["salesorder_id"]
    inventory.sales_orders.confirm(order_id)
    packed = [{"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": 2}]
    body = {"date": "2026-03-06", "line_items": packed}
    package = inventory.packages.create(body, salesorder_id=order_id)["package"]
    seen["package"] = package["status"]
    body = {"shipment_number": "S-1", "date": "2026-03-06", "delivery_method": "UPS", "tracking_number": "1Z"}
    shipment = inventory.shipment_orders.create(
        body, salesorder_id=order_id, package_ids=package["package_id"]
    )
    inventory.shipment_orders.mark_delivered(shipment["shipmentorder"]["shipment_id"])
    seen["order"] = inventory.sales_orders.get(order_id)["salesorder"]["status"]
    seen["organizations"] = len(inventory.organizations.list()["organizations"])


names = ("client_id", "client_secret", "refresh_token", "organization_id")
settings = ZohoConfig(data_center=DataCenter.US, _env_file=None, **{name: urls[name] for name in names})
with SyncZohoClient(settings) as client:
    customer = books_round(ZohoBooks(client))
    inventory_round(ZohoInventory(client), customer)
sys.stdout.write(json.dumps(seen))
