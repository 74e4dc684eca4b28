"""Sandbox, Zoho Books: fills the organization from the shared business, before the first request."""

from typing import Any

from ..business import Business, Customer, Document, Good, Supplier
from .contact_fields import address_of, person_of
from .finance import Finance

__all__ = ["seed"]

Record = dict[str, Any]


def seed(finance: Finance, business: Business, *, full: bool) -> None:
    """`full`: with the business; else only what every organization has."""
    start = min((each.created_at for each in business.customers), default=business.now) - 86_400
    finance.custom_fields.seed()
    finance.currencies.seed(start)
    finance.accounts.seed(start)
    for number, user in enumerate(finance.organization.users):
        finance.users.seed(user.full_name, user.email, start, owner=number == 0)
    _taxes(finance, business, start)
    if not full:
        return
    _contacts(finance, business)
    _items(finance, business)
    _orders(finance, business)


def _base(finance: Finance, key: str, moment: float) -> Record:
    stamp = finance.organization.stamp(moment)
    return {
        key: finance.organization.new_id(),
        "created_time": stamp,
        "last_modified_time": stamp,
        "custom_fields": [],
        "custom_field_hash": {},
    }


def _taxes(finance: Finance, business: Business, moment: float) -> None:
    rows = []
    for tax in business.taxes:
        record = _base(finance, "tax_id", moment)
        del record["custom_fields"], record["custom_field_hash"]
        kind = "compound_tax" if tax.compound else "tax"
        fields = {"tax_name": tax.name, "tax_percentage": float(tax.percent), "tax_type": kind}
        finance.taxes.build(record, fields, {}, creating=True)
        rows.append(record)
    finance.taxes.table.fill(rows)


def _contacts(finance: Finance, business: Business) -> None:
    names: set[str] = set()
    rows = [_customer(finance, each, names) for each in business.customers_of("zoho")]
    names.clear()
    rows += [_vendor(finance, each, names) for each in business.suppliers]
    finance.contacts.table.fill(rows)


def _unique(name: str, number: int, names: set[str]) -> str:
    """Contact names are unique: a person who enters a double adds something."""
    chosen = name if name.casefold() not in names else f"{name} ({number})"
    names.add(chosen.casefold())
    return chosen


def _customer(finance: Finance, customer: Customer, names: set[str]) -> Record:
    name = customer.organization or f"{customer.given} {customer.family}"
    place = customer.place
    address = {
        "address": customer.street,
        "street2": customer.street2,
        "city": place.city,
        "state": place.region,
        "zip": place.postal_code,
        "country": "U.S.A" if place.country_code == "US" else place.country,
    }
    fields: Record = {
        "contact_name": _unique(name, customer.number, names),
        "company_name": customer.organization,
        "customer_sub_type": "business" if customer.kind == "organization" else "individual",
        "website": customer.website,
        "notes": customer.notes,
        "language_code": place.language,
        "contact_number": f"CUS-{customer.number:05d}",
    }
    person = {
        "first_name": customer.given,
        "last_name": customer.family,
        "email": customer.email,
        "phone": customer.phone,
        "mobile": customer.mobile,
    }
    return _contact(finance, fields, person, address, place.currency, customer.created_at)


def _vendor(finance: Finance, supplier: Supplier, names: set[str]) -> Record:
    place = supplier.place
    address = {"city": place.city, "state": place.region, "zip": place.postal_code, "country": place.country}
    fields = {
        "contact_name": _unique(supplier.name, supplier.number, names),
        "company_name": supplier.name,
        "contact_type": "vendor",
        "contact_number": f"VEN-{supplier.number:05d}",
    }
    person = {"first_name": supplier.given, "last_name": supplier.family, "email": supplier.email}
    return _contact(finance, fields, person, address, place.currency, supplier.created_at)


def _contact(
    finance: Finance, fields: Record, person: Record, address: Record, currency: str, moment: float
) -> Record:
    record = _base(finance, "contact_id", moment)
    codes = finance.currencies.table.find("=currency_code", currency.casefold())
    new_id = finance.organization.new_id
    finance.contacts.build(
        record,
        {
            **fields,
            "ignore_auto_number_generation": True,
            "currency_id": codes[0] if codes else "",
            "billing_address": address_of(address, None, new_id()),
            "shipping_address": address_of({}, None, new_id()),
        },
        {},
        creating=True,
    )
    record["contact_persons"] = [person_of({**person, "is_primary_contact": True}, None, new_id())]
    finance.contacts.settle_primary(record)
    return record


def _items(finance: Finance, business: Business) -> None:
    taxes = {
        tax.name: finance.taxes.table.find("=tax_name", tax.name.casefold())[0] for tax in business.taxes
    }
    start = business.now - 300 * 86_400
    finance.items.table.fill([_item(finance, each, taxes, start) for each in business.goods_of("zoho")])


def _item(finance: Finance, good: Good, taxes: dict[str, str], moment: float) -> Record:
    record = _base(finance, "item_id", moment)
    fields = {
        "name": good.name,
        "description": good.description,
        "rate": float(good.price),
        "sku": good.sku,
        "tax_id": taxes.get(good.tax or "", ""),
        "product_type": "service",
        "account_id": finance.accounts.named("Sales"),
    }
    finance.items.build(record, fields, {}, creating=True)
    return record


def _orders(finance: Finance, business: Business) -> None:
    contacts = {
        each["email"]: each["contact_id"] for each in map(finance.contacts.need, finance.contacts.table)
    }
    items = {each["sku"]: each["item_id"] for each in map(finance.items.need, finance.items.table)}
    taxes = {
        tax.name: finance.taxes.table.find("=tax_name", tax.name.casefold())[0] for tax in business.taxes
    }
    rows = [_order(finance, each, contacts, items, taxes) for each in business.orders]
    finance.sales_orders.table.fill(rows)


def _order(
    finance: Finance, order: Document, contacts: dict[str, str], items: dict[str, str], taxes: dict[str, str]
) -> Record:
    moment = min(finance.world.clock.now(), order.customer.created_at + order.number)
    record = _base(finance, "salesorder_id", moment)
    lines = [
        {
            "item_id": items[line.good.sku],
            "quantity": float(line.quantity),
            "rate": float(line.good.price),
            "description": line.good.description,
            "tax_id": taxes.get(line.tax or "", ""),
        }
        for line in order.lines
    ]
    fields = {
        "customer_id": contacts[order.customer.email],
        "reference_number": f"#{1_000 + order.number}",
        "date": order.day.isoformat(),
        "line_items": lines,
        "salesorder_number": f"SO-{order.number:05d}",
    }
    finance.sales_orders.build(record, fields, {"ignore_auto_number_generation": "true"}, creating=True)
    if order.sent:
        record |= dict.fromkeys(("order_status", "status", "current_sub_status"), "confirmed")
        record |= {"invoiced_status": "not_invoiced", "paid_status": "unpaid", "shipped_status": "pending"}
    return record
