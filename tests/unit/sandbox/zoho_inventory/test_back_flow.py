"""Order, package, shipment: what happens below flows back to the order (sheet 3.3)."""

from typing import Any

from tests.unit.sandbox.zoho_desk import Desk


async def _order(desk: Desk) -> dict[str, Any]:
    item = {"name": "Mug", "rate": 14, "item_type": "inventory", "initial_stock": 10}
    _, made = await desk.inventory("POST", "/items", item)
    customer_id = await desk.customer()
    lines = [{"item_id": made["item"]["item_id"], "quantity": 4}]
    status, answer = await desk.inventory(
        "POST", "/salesorders", {"customer_id": customer_id, "line_items": lines}
    )
    assert status == 201
    order: dict[str, Any] = answer["salesorder"]
    await desk.inventory("POST", f"/salesorders/{order['salesorder_id']}/status/confirmed")
    return order


async def _package(desk: Desk, order: dict[str, Any], quantity: float) -> dict[str, Any]:
    line_id = order["line_items"][0]["line_item_id"]
    body = {"date": "2026-03-06", "line_items": [{"so_line_item_id": line_id, "quantity": quantity}]}
    status, answer = await desk.inventory("POST", "/packages", body, salesorder_id=order["salesorder_id"])
    assert (status, answer["message"]) == (201, "Package created successfully. It's now time to ship!")
    package: dict[str, Any] = answer["package"]
    return package


async def _ship(desk: Desk, order: dict[str, Any], package: dict[str, Any], number: str) -> str:
    body = {
        "shipment_number": number,
        "date": "2026-03-06",
        "delivery_method": "UPS",
        "tracking_number": "1Z",
    }
    query = {"salesorder_id": order["salesorder_id"], "package_ids": package["package_id"]}
    status, answer = await desk.inventory("POST", "/shipmentorders", body, **query)
    assert (status, answer["message"]) == (201, "Shipment created successfully.")
    return str(answer["shipmentorder"]["shipment_id"])


async def _seen(desk: Desk, order: dict[str, Any]) -> tuple[Any, ...]:
    _, answer = await desk.inventory("GET", f"/salesorders/{order['salesorder_id']}")
    found = answer["salesorder"]
    return found["status"], found["order_status"], found["shipped_status"], found["quantity_packed"]


async def test_the_whole_chain_in_two_packages(desk: Desk) -> None:
    order = await _order(desk)
    assert await _seen(desk, order) == ("confirmed", "confirmed", "pending", 0.0)
    first = await _package(desk, order, 1)
    assert await _seen(desk, order) == ("confirmed", "confirmed", "pending", 1.0)
    shipments = [await _ship(desk, order, first, "S-1")]
    assert await _seen(desk, order) == ("partially_shipped", "confirmed", "partially_shipped", 1.0)
    shipments.append(await _ship(desk, order, await _package(desk, order, 3), "S-2"))
    assert (await _seen(desk, order))[0] == "shipped"
    for each in shipments:
        await desk.inventory("POST", f"/shipmentorders/{each}/status/delivered")
    assert await _seen(desk, order) == ("fulfilled", "confirmed", "fulfilled", 4.0)
    made = await desk.ok("POST", "/invoices/fromsalesorder", salesorder_id=order["salesorder_id"])
    await desk.act("invoice", "pay", made["invoice"]["invoice_id"])
    assert (await _seen(desk, order))[:2] == ("closed", "closed")


async def test_shipping_takes_stock_and_undoing_gives_it_back(desk: Desk) -> None:
    order = await _order(desk)
    item_id = order["line_items"][0]["item_id"]
    package = await _package(desk, order, 4)
    shipment_id = await _ship(desk, order, package, "S-1")
    assert (await desk.read(f"/items/{item_id}", "item"))["stock_on_hand"] == 6.0
    await desk.inventory("DELETE", f"/shipmentorders/{shipment_id}")
    assert (await desk.read(f"/items/{item_id}", "item"))["stock_on_hand"] == 10.0
    _, gone = await desk.inventory("DELETE", f"/packages/{package['package_id']}")
    assert gone["message"] == "Whooooosh! Package Deleted Successfully."
    assert await _seen(desk, order) == ("confirmed", "confirmed", "pending", 0.0)


async def test_the_order_counts_only_in_the_query(desk: Desk) -> None:
    order = await _order(desk)
    body = {
        "date": "2026-03-06",
        "salesorder_id": order["salesorder_id"],
        "line_items": [{"so_line_item_id": order["line_items"][0]["line_item_id"], "quantity": 1}],
    }
    status, answer = await desk.inventory("POST", "/packages", body)
    assert (status, answer["package"]["salesorder_id"]) == (201, "")
    assert (await _seen(desk, order))[3] == 0.0


async def test_filters_that_inventory_ignores(desk: Desk) -> None:
    order = await _order(desk)
    await _package(desk, order, 1)
    _, found = await desk.inventory("GET", "/packages", package_number="nothing")
    assert len(found["packages"]) == 1
    await desk.switch("zoho_inventory.filters_ignored", False)
    _, found = await desk.inventory("GET", "/packages", package_number="nothing")
    assert found["packages"] == []


async def test_records_and_limits_are_shared_with_books(desk: Desk) -> None:
    order = await _order(desk)
    assert (await desk.read(f"/salesorders/{order['salesorder_id']}", "salesorder"))["status"] == "open"
    assert (await desk.call("PUT", "/contacts", {}, prefix="/inventory/v1"))[0] == 405
    await desk.admin_call("PUT", "/limits", {"system": "zoho_books", "minute": 2})
    await desk.call("GET", "/contacts")
    assert (await desk.inventory("GET", "/contacts"))[0] == 429


async def test_a_person_packs_and_ships(desk: Desk) -> None:
    order = await _order(desk)
    shipped = await desk.act(
        "sales_order", "ship", order["salesorder_id"], system="zoho_inventory", delivered=True
    )
    assert shipped[1]["record"]["status"] == "fulfilled"
