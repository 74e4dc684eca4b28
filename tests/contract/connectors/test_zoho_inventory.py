"""Inventory against the sandbox: an order from its create over a lost answer to its confirmation."""

from __future__ import annotations

import orjson
from tests.contract.connectors.sandbox import Party, Sandbox, open_party

from twinledger.connectors.base.contract import Applied, UnknownOutcome, WriteCall

ORDER = "zoho_inventory.sales_order"


async def order_of(party: Party, number: str) -> WriteCall:
    person = {"contact_name": f"Buyer {number}", "contact_type": "customer"}
    customer = await party.admin.act("zoho_inventory", "contact", "create", person)
    item = await party.admin.act("zoho_inventory", "item", "create", {"name": f"Part {number}", "rate": 4})
    body = {"customer_id": customer, "line_items": [{"item_id": item, "rate": 4, "quantity": 2}]}
    return WriteCall(f"i-{number}", ORDER, "create", None, f"TL-{number:A>20}", body)


async def test_a_lost_order_is_found_once_and_confirmed(sandbox: Sandbox) -> None:
    async with open_party(sandbox, "zoho_inventory", timeout_s=1.5) as party:
        call = await order_of(party, "B")
        assert call.reference is not None
        await party.admin.fault("zoho_inventory", "timeout_after", "POST", "*/salesorders")
        (answer,) = await party.connector.sink.write([call])
        assert isinstance(answer, UnknownOutcome)
        found = await party.connector.sink.probe(ORDER, call.reference, call.body, party.permit)
        (order,) = found
        confirm = WriteCall("i", ORDER, "update", order.external_id, None, {"status": "confirmed"}, "state")
        (answer,) = await party.connector.sink.write([confirm])
        assert isinstance(answer, Applied)
        read = await party.connector.source.read(ORDER, [order.external_id], party.permit)
    assert orjson.loads(read.documents[0].document)["status"] in ("confirmed", "open")


async def test_books_and_inventory_show_the_same_order_under_one_id(sandbox: Sandbox) -> None:
    async with open_party(sandbox, "zoho_inventory") as party:
        (answer,) = await party.connector.sink.write([await order_of(party, "C")])
    assert isinstance(answer, Applied)
    async with open_party(sandbox, "zoho_books") as books:
        read = await books.connector.source.read("zoho_books.sales_order", [answer.external_id], books.permit)
    assert not read.documents[0].gone
