"""Demo: each vendor's records as plain texts, so that equal things read equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from twinledger.cli.demo.compare import View

__all__ = [
    "books_customers",
    "books_invoices",
    "books_items",
    "books_orders",
    "books_payments",
    "books_taxes",
    "crm_customers",
    "freshbooks_customers",
    "freshbooks_invoices",
    "freshbooks_items",
    "freshbooks_orders",
    "freshbooks_payments",
    "freshbooks_taxes",
]

Record = Mapping[str, Any]
_COUNTRIES = {"us": "US", "usa": "US", "united states": "US", "canada": "CA"}
_METHODS = {"creditcard": "card", "banktransfer": "banktransfer"}
_OURS = "TL-"
"""What our own mark in a field that people do not fill starts with; it is no data."""


def freshbooks_customers(rows: Iterable[Record]) -> View:
    return {
        _mail(row["email"]): {
            "organization": _text(row["organization"]),
            "given": _text(row["fname"]),
            "family": _text(row["lname"]),
            "phone": _digits(row["bus_phone"]),
            "street": _text(row["p_street"]),
            "city": _text(row["p_city"]),
            "region": _text(row["p_province"]),
            "code": _text(row["p_code"]),
            "country": _country(row["p_country"]),
        }
        for row in rows
    }


def books_customers(rows: Iterable[Record]) -> View:
    view = {}
    for row in rows:
        person: Record = next((each for each in row["contact_persons"] if each["is_primary_contact"]), {})
        address = row["billing_address"]
        view[_mail(person.get("email"))] = {
            "organization": _text(row["company_name"]),
            "given": _text(person.get("first_name")),
            "family": _text(person.get("last_name")),
            "phone": _digits(person.get("phone")),
            "street": _text(address["address"]),
            "city": _text(address["city"]),
            "region": _text(address["state"]),
            "code": _text(address["zip"]),
            "country": _country(address["country"]),
        }
    return view


def crm_customers(contacts: Iterable[Record], accounts: Iterable[Record]) -> View:
    """A person's contact has it all; of an organization its account has name, phone and address."""
    by_id = {row["id"]: row for row in accounts}
    view = {}
    for row in contacts:
        account = by_id.get((row["Account_Name"] or {}).get("id"))
        holder, prefix, code = (account, "Billing_", "Code") if account else (row, "Mailing_", "Zip")
        view[_mail(row["Email"])] = {
            "organization": _text(account["Account_Name"]) if account else "",
            "given": _text(row["First_Name"]),
            "family": _text(row["Last_Name"]),
            "phone": _digits(holder["Phone"]),
            "street": _text(holder[f"{prefix}Street"]),
            "city": _text(holder[f"{prefix}City"]),
            "region": _text(holder[f"{prefix}State"]),
            "code": _text(holder[f"{prefix}{code}"]),
            "country": _country(holder[f"{prefix}Country"]),
        }
    return view


def freshbooks_items(rows: Iterable[Record]) -> View:
    return {
        _text(row["name"]): {
            "price": _number(row["unit_cost"]["amount"]),
            "sku": "" if _text(row["sku"]).startswith(_OURS) else _text(row["sku"]),
            "description": _text(row["description"]),
        }
        for row in rows
    }


def books_items(rows: Iterable[Record]) -> View:
    return {
        _text(row["name"]): {
            "price": _number(row["rate"]),
            "sku": _text(row["sku"]),
            "description": _text(row["description"]),
        }
        for row in rows
    }


def freshbooks_taxes(rows: Iterable[Record]) -> View:
    return {_text(row["name"]): {"percent": _number(row["amount"])} for row in rows}


def books_taxes(rows: Iterable[Record]) -> View:
    return {_text(row["tax_name"]): {"percent": _number(row["tax_percentage"])} for row in rows}


def books_orders(rows: Iterable[Record]) -> View:
    """Confirmed orders: each has exactly one invoice."""
    return {
        row["salesorder_number"]: {"invoices": "1", "reference": _text(row["reference_number"])}
        for row in rows
        if row["status"] not in ("draft", "void")
    }


def freshbooks_orders(invoices: Sequence[Record]) -> View:
    """Invoices that came from an order carry its number."""
    counts = Counter(row["invoice_number"] for row in invoices)
    return {
        row["invoice_number"]: {
            "invoices": str(counts[row["invoice_number"]]),
            "reference": _text(row["po_number"]),
        }
        for row in invoices
        if row["invoice_number"].startswith("SO-")
    }


def freshbooks_invoices(rows: Iterable[Record], clients: Iterable[Record]) -> View:
    mails = {row["id"]: _mail(row["email"]) for row in clients}
    return {
        row["invoice_number"]: {
            "customer": mails.get(row["customerid"], "unknown"),
            "date": row["create_date"],
            "currency": row["currency_code"],
            "total": _number(row["amount"]["amount"]),
            "balance": _number(row["outstanding"]["amount"]),
            "sent": "no" if row["status"] == 1 else "yes",
            "lines": "; ".join(
                _line(line["name"], line["qty"], line["unit_cost"]["amount"], line["taxAmount1"])
                for line in row["lines"]
            ),
        }
        for row in rows
    }


def books_invoices(rows: Iterable[Record], contacts: Iterable[Record]) -> View:
    mails = {row["contact_id"]: _mail(row["email"]) for row in contacts}
    return {
        row["invoice_number"]: {
            "customer": mails.get(row["customer_id"], "unknown"),
            "date": row["date"],
            "currency": row["currency_code"],
            "total": _number(row["total"]),
            "balance": _number(row["balance"]),
            "sent": "no" if row["status"] == "draft" else "yes",
            "lines": "; ".join(
                _line(line["name"], line["quantity"], line["rate"], line["tax_percentage"])
                for line in row["line_items"]
            ),
        }
        for row in rows
    }


def freshbooks_payments(rows: Iterable[Record], invoices: Iterable[Record]) -> View:
    numbers = {row["id"]: row["invoice_number"] for row in invoices}
    return _payments(
        (numbers.get(row["invoiceid"], "unknown"), row["amount"]["amount"], row["date"], row["type"])
        for row in rows
    )


def books_payments(rows: Iterable[Record]) -> View:
    return _payments(
        (row["invoice_numbers"], row["amount"], row["date"], row["payment_mode"]) for row in rows
    )


def _payments(rows: Iterable[tuple[str, Any, str, str]]) -> View:
    """Two payments of one amount for one invoice are told apart by their order."""
    view: dict[str, dict[str, str]] = {}
    seen: Counter[str] = Counter()
    for invoice, amount, date, method in sorted((i, _number(a), d, m) for i, a, d, m in rows):
        name = f"{invoice} {amount}"
        seen[name] += 1
        compact = method.replace(" ", "").lower()
        view[f"{name} #{seen[name]}"] = {"date": date, "method": _METHODS.get(compact, compact)}
    return view


def _line(name: Any, quantity: Any, price: Any, tax: Any) -> str:
    return f"{_text(name)} x {_number(quantity)} @ {_number(price)} + {_number(tax)}%"


def _text(value: Any) -> str:
    return str(value or "").strip()


def _mail(value: Any) -> str:
    return _text(value).lower()


def _digits(value: Any) -> str:
    return "".join(each for each in _text(value) if each.isdigit())


def _country(value: Any) -> str:
    text = _text(value)
    return _COUNTRIES.get(text.lower().replace(".", ""), text)


def _number(value: Any) -> str:
    if value in (None, ""):
        return "0"
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
