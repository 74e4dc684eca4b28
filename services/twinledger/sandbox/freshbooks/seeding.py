"""FreshBooks' part of the seeded business: clients, items, taxes, papers, purchases, work."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..business import Business, Customer, Document, Good
from ..call import Act
from .wire import eastern, money, utc_bare

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["seed_freshbooks"]

CATEGORIES = (
    "Advertising",
    "Contractors",
    "Meals",
    "Office Expenses",
    "Rent",
    "Supplies",
    "Travel",
    "Utilities",
)
SERVICES = ("Design", "Consulting", "Development")


class _Quiet(Act):
    """Seeding is nobody's change: no ledger line, no webhook."""

    def _applied(self, applied: Any, quiet: bool) -> None:
        return


def seed_freshbooks(vendor: "FreshBooks", business: Business) -> None:
    act = _Quiet(vendor.world, vendor, None, None)
    taxes = {tax.name: _tax(vendor, act, tax) for tax in business.taxes}
    for name in CATEGORIES:
        vendor.categories.create(act, {"category": name})
    for index, name in enumerate(business.employees):
        first, _, last = name.partition(" ")
        email = vendor.owner_email if index == 0 else f"{first.lower()}@northpier.example"
        fields = {"fname": first, "lname": last, "email": email, "display_name": name}
        vendor.staff.create(act, fields)
    services = [vendor.services.create(act, {"name": name}) for name in SERVICES]
    if not business.customers:
        return
    client_ids = _clients(vendor, act, business)
    for good in business.goods_of("freshbooks"):
        vendor.items.create(act, _item(vendor, good, taxes))
    for document in business.invoices:
        _invoice(vendor, act, document, client_ids, {tax.name: tax.percent for tax in business.taxes})
    _purchases(vendor, act, business)
    _work(vendor, act, business, client_ids, services)


def _tax(vendor: "FreshBooks", act: Act, tax: Any) -> int:
    fields = {"name": tax.name, "amount": tax.percent, "compound": tax.compound, "number": tax.number}
    return int(vendor.taxes.create(act, fields))


def _clients(vendor: "FreshBooks", act: Act, business: Business) -> dict[int, int]:
    """Straight into the table: fifty thousand must not take long."""
    numbers = {
        customer.number: vendor.world.counters.next("freshbooks.client", vendor.clients.first_id)
        for customer in business.customers_of("freshbooks")
    }
    customers = business.customers_of("freshbooks")
    vendor.clients.table.fill(_client(vendor, numbers[each.number], each) for each in customers)
    return numbers


def _client(vendor: "FreshBooks", number: int, customer: Customer) -> dict[str, Any]:
    place = customer.place
    record: dict[str, Any] = {"id": number, "userid": number}
    record |= {key: field.default for key, field in vendor.clients.fields.items() if key != "contacts"}
    record |= {
        "organization": customer.organization,
        "fname": customer.given,
        "lname": customer.family,
        "email": customer.email,
        "bus_phone": customer.phone,
        "mob_phone": customer.mobile,
        "note": customer.notes or None,
        "language": place.language,
        "currency_code": place.currency,
        "p_street": customer.street,
        "p_street2": customer.street2,
        "p_city": place.city,
        "p_province": place.region,
        "p_code": place.postal_code,
        "p_country": place.country,
        "vis_state": 0,
    }
    vendor.clients.stamp(record, customer.created_at, creating=True)
    record["updated"], record["signup_date"] = eastern(customer.created_at), utc_bare(customer.created_at)
    return record


def _item(vendor: "FreshBooks", good: Good, taxes: dict[str, int]) -> dict[str, Any]:
    return {
        "name": good.name,
        "description": good.description,
        "sku": good.sku,
        "unit_cost": money(good.price, vendor.currency),
        "tax1": taxes.get(good.tax or "", 0),
    }


def _invoice(
    vendor: "FreshBooks", act: Act, document: Document, client_ids: dict[int, int], percents: dict[str, str]
) -> None:
    code = document.customer.place.currency
    lines = [
        {
            "name": line.good.name,
            "description": line.good.description,
            "qty": str(line.quantity),
            "unit_cost": money(line.good.price, code),
            **({"taxName1": line.tax, "taxAmount1": percents[line.tax]} if line.tax else {}),
        }
        for line in document.lines
    ]
    fields = {
        "customerid": client_ids[document.customer.number],
        "create_date": document.day.isoformat(),
        "due_offset_days": 30,
        "currency_code": code,
        "status": 2 if document.sent else 1,
        "lines": lines,
    }
    number = vendor.invoices.create(act, fields)
    record = vendor.invoices.table.get(number) or {}
    if document.paid:
        amount = money(Decimal(record["amount"]["amount"]) * document.paid, code)
        payment = {"invoiceid": int(number), "amount": amount, "date": document.day.isoformat()}
        vendor.payments.create(act, payment | {"type": "Bank Transfer"})


def _purchases(vendor: "FreshBooks", act: Act, business: Business) -> None:
    categories = list(vendor.categories.table)
    for supplier in business.suppliers:
        place = supplier.place
        fields = {
            "vendor_name": supplier.name,
            "currency_code": place.currency,
            "language": place.language,
            "primary_contact_first_name": supplier.given,
            "primary_contact_last_name": supplier.family,
            "primary_contact_email": supplier.email,
            "city": place.city,
            "country": place.country,
        }
        number = vendor.bill_vendors.create(act, fields)
        category = int(categories[supplier.number % len(categories)])
        day = business.orders[0].day.isoformat() if business.orders else "2026-03-02"
        cost = money(Decimal(supplier.number * 37 + 20), place.currency)
        bill = {"vendorid": int(number), "bill_number": f"B-{supplier.number:04d}", "issue_date": day}
        bill |= {"due_offset_days": 30, "currency_code": place.currency, "language": place.language}
        line = {"categoryid": category, "description": "Supplies", "quantity": 2, "unit_cost": cost}
        vendor.bills.create(act, bill | {"lines": [line]})
        expense = {"amount": cost, "categoryid": category, "staffid": 1, "date": day, "vendor": supplier.name}
        vendor.expenses.create(act, expense)


def _work(
    vendor: "FreshBooks", act: Act, business: Business, client_ids: dict[int, int], services: list[str]
) -> None:
    customers = business.customers_of("freshbooks")[: max(1, min(200, len(client_ids) // 5))]
    for index, customer in enumerate(customers):
        fields = {"title": f"Project {customer.number}", "client_id": client_ids[customer.number]}
        fields |= {"project_type": "hourly_rate", "billing_method": "project_rate", "rate": "85.00"}
        project = vendor.projects.create(
            act, fields | {"services": [{"id": int(services[index % len(services)])}]}
        )
        for day in range(3):
            moment = business.now - (day + index % 30) * 86_400
            entry = {
                "is_logged": True,
                "duration": 1_800 * (day + 1),
                "started_at": _iso(moment),
                "billable": True,
            }
            entry |= {"client_id": client_ids[customer.number], "project_id": int(project)}
            vendor.time_entries.create(act, entry | {"service_id": int(services[index % len(services)])})


def _iso(moment: float) -> str:
    return utc_bare(moment).replace(" ", "T") + "Z"
