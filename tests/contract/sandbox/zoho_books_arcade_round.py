# mypy: ignore-errors
# It runs where our types and tools are not: in the environment of the client it tries.
"""Runs in the environment of PyPI arcade-zoho-books-api, never in ours: one whole round. Prints JSON.

It authenticates through Arcade's context, of which this is a stand-in; it sends `Bearer`.
"""

import asyncio
import json
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from arcade_tdk.errors import RetryableToolError
from arcade_zoho_books_api import tools

urls = json.loads(Path(sys.argv[1]).read_text())["zoho"]["us"]
organization = urls["organization_id"]
seen: dict = {}


class Context:
    def __init__(self) -> None:
        form = {name: urls[name] for name in ("client_id", "client_secret", "refresh_token")}
        body = urlencode(form | {"grant_type": "refresh_token"}).encode()
        request = Request(urls["accounts"] + "/oauth/v2/token", data=body)  # noqa: S310 - our own server
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            self._token = json.load(answer)["access_token"]

    def get_secret(self, name: str) -> str:
        return {"ZOHO_SERVER_URL": urls["api_domain"]}[name]

    def get_auth_token_or_empty(self) -> str:
        return self._token


async def do(name: str, body=None, **arguments) -> dict:
    context = Context.shared
    if body is not None:
        arguments |= {"mode": tools.ToolMode.EXECUTE, "request_body": json.dumps(body)}
    try:
        answer = await getattr(tools, name)(context, **arguments)
    except RetryableToolError as exc:
        return {"refused": exc.developer_message}
    return answer["response_json"]


async def contacts_and_item() -> tuple[str, str]:
    """Ids of the contact and the item it made; also a duplicate and an upsert by custom field."""
    person = {"first_name": "Ana", "email": "ana@harbor.example", "is_primary_contact": True}
    contact = await do(
        "create_business_contact",
        {"contact_name": "Harbor Bakery", "contact_persons": [person]},
        organization_identifier=organization,
    )
    seen["contact"] = [contact["code"], contact["message"], contact["contact"]["email"]]
    customer_id = contact["contact"]["contact_id"]
    again = await do(
        "create_business_contact", {"contact_name": "Harbor Bakery"}, organization_identifier=organization
    )
    seen["duplicate"] = again["refused"]
    item = await do(
        "create_new_zoho_item", {"name": "Oven service", "rate": 95.5}, organization_id=organization
    )
    keyed = {
        "organization_id": organization,
        "custom_field_api_name": "cf_twinledger_ref",
        "unique_custom_field_value": "TL-1",
        "create_contact_if_not_found": "true",  # a True fails in the client: no header holds it
    }
    upserts = [
        await do("update_contact_by_custom_field", {"contact_name": name}, **keyed)
        for name in ("Pier", "Quay")
    ]
    seen["upserts"] = [upserts[0]["message"], len({each["contact"]["contact_id"] for each in upserts})]
    seen["item"] = [item["message"], item["item"]["rate"]]
    return customer_id, item["item"]["item_id"]


async def invoice_sent_and_paid(customer_id: str, line: dict) -> None:
    invoice = await do(
        "create_customer_invoice",
        {
            "customer_id": customer_id,
            "line_items": [line],
            "invoice_number": "FB-1",
            "due_date": "2099-01-01",
        },
        organization_id=organization,
        ignore_auto_number_generation=True,
    )
    invoice_id = invoice["invoice"]["invoice_id"]
    seen["invoice"] = [invoice["message"], invoice["invoice"]["invoice_number"], invoice["invoice"]["total"]]
    seen["sent"] = (
        await do("mark_invoice_as_sent", organization_id=organization, invoice_unique_identifier=invoice_id)
    )["message"]
    payment = {
        "customer_id": customer_id,
        "payment_mode": "cash",
        "amount": 286.5,
        "date": "2026-03-18",
        "invoices": [{"invoice_id": invoice_id, "amount_applied": 286.5}],
    }
    paid = await do("create_customer_payment", payment, organization_id=organization)
    seen["paid"] = [paid["message"], paid["payment"]["unused_amount"]]


async def ordered(customer_id: str, line: dict) -> None:
    order = await do(
        "create_sales_order",
        {"customer_id": customer_id, "line_items": [line]},
        organization_identifier=organization,
    )
    seen["order"] = [order["message"], order["salesorder"]["status"]]


async def main() -> None:
    Context.shared = Context()
    customer_id, item_id = await contacts_and_item()
    line = {"item_id": item_id, "rate": 95.5, "quantity": 3}
    await invoice_sent_and_paid(customer_id, line)
    await ordered(customer_id, line)
    sys.stdout.write(json.dumps(seen))


asyncio.run(main())
