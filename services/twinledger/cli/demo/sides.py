"""Demo: reads everything of both sides and compares it, entity by entity."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from twinledger.cli.demo import views
from twinledger.cli.demo.compare import EntityResult, compare
from twinledger.cli.demo.vendor_reads import FreshBooksReads, Record, ZohoReads

__all__ = ["compare_sides"]


async def compare_sides(freshbooks: FreshBooksReads, zoho: ZohoReads) -> list[EntityResult]:
    """One result for each entity, from what the vendors' APIs answer now."""
    clients, contacts, invoices = await asyncio.gather(
        freshbooks.all("users/clients", "clients"),
        _whole(zoho, "contacts", "contact"),
        freshbooks.all("invoices/invoices", "invoices", **{"include[]": "lines"}),
    )
    return list(
        await asyncio.gather(
            _customers(zoho, clients, contacts),
            _items(freshbooks, zoho),
            _taxes(freshbooks, zoho),
            _orders(zoho, invoices),
            _invoices(zoho, invoices, clients, contacts),
            _payments(freshbooks, zoho, invoices),
        )
    )


async def _customers(zoho: ZohoReads, clients: Sequence[Record], contacts: Sequence[Record]) -> EntityResult:
    people, accounts = await asyncio.gather(zoho.crm("Contacts"), zoho.crm("Accounts"))
    return compare(
        "customer",
        views.freshbooks_customers(clients),
        ("Books", views.books_customers(contacts)),
        ("CRM", views.crm_customers(people, accounts)),
    )


async def _items(freshbooks: FreshBooksReads, zoho: ZohoReads) -> EntityResult:
    ours, theirs = await asyncio.gather(freshbooks.all("items/items", "items"), zoho.books("items", "items"))
    return compare("item", views.freshbooks_items(ours), ("Books", views.books_items(theirs)))


async def _taxes(freshbooks: FreshBooksReads, zoho: ZohoReads) -> EntityResult:
    ours, theirs = await asyncio.gather(
        freshbooks.all("taxes/taxes", "taxes"), zoho.books("settings/taxes", "taxes")
    )
    return compare("tax", views.freshbooks_taxes(ours), ("Books", views.books_taxes(theirs)))


async def _orders(zoho: ZohoReads, invoices: Sequence[Record]) -> EntityResult:
    orders = await zoho.books("salesorders", "salesorders")
    return compare("sales_order", views.freshbooks_orders(invoices), ("Books", views.books_orders(orders)))


async def _invoices(
    zoho: ZohoReads, invoices: Sequence[Record], clients: Sequence[Record], contacts: Sequence[Record]
) -> EntityResult:
    theirs = views.books_invoices(await _whole(zoho, "invoices", "invoice"), contacts)
    return compare("invoice", views.freshbooks_invoices(invoices, clients), ("Books", theirs))


async def _payments(freshbooks: FreshBooksReads, zoho: ZohoReads, invoices: Sequence[Record]) -> EntityResult:
    ours, theirs = await asyncio.gather(
        freshbooks.all("payments/payments", "payments"), zoho.books("customerpayments", "customerpayments")
    )
    return compare(
        "payment", views.freshbooks_payments(ours, invoices), ("Books", views.books_payments(theirs))
    )


async def _whole(zoho: ZohoReads, plural: str, singular: str) -> list[Record]:
    rows = await zoho.books(plural, plural)
    return await zoho.books_one_by_one(plural, singular, [row[f"{singular}_id"] for row in rows])
