"""Sandbox, Zoho Books: the fields of contacts, their persons and addresses (sheet 2.4)."""

from typing import Any

from .shape import Checker, anything, flag, ident, mapping, number, one_of, rows, shaped, text, whole

__all__ = ["CONTACT", "CONTACT_ROW", "PERSON", "address_of", "person_of"]

CONTACT: dict[str, Checker] = {
    "contact_name": text(200),
    "company_name": text(200),
    "contact_type": one_of("customer", "vendor"),
    "customer_sub_type": one_of("business", "individual", ""),
    "contact_number": text(100),
    "ignore_auto_number_generation": flag,
    "currency_id": ident,
    "payment_terms": whole,
    "payment_terms_label": text(100),
    "credit_limit": number,
    "billing_address": mapping,
    "shipping_address": mapping,
    "contact_persons": rows,
    "notes": text(None),
    "website": text(500),
    "language_code": text(10),
    "tags": rows,
    "is_taxable": flag,
    "tax_id": ident,
    "tax_exemption_id": ident,
    "tax_authority_id": ident,
    "tax_id_type": text(50),
    "tax_id_value": text(50),
    "track_1099": flag,
    "custom_fields": rows,
    "email": text(100),
    "phone": text(50),
    "mobile": text(50),
    "first_name": text(100),
    "last_name": text(100),
    "tax_treatment": text(50),
    "gst_no": text(20),
    "owner_id": anything,
}
PERSON: dict[str, Checker] = {
    "contact_person_id": ident,
    "salutation": text(25),
    "first_name": text(100),
    "last_name": text(100),
    "email": text(100),
    "phone": text(50),
    "mobile": text(50),
    "designation": text(50),
    "department": text(50),
    "skype": text(50),
    "is_primary_contact": flag,
    "enable_portal": flag,
    "communication_preference": mapping,
}
ADDRESS: dict[str, Checker] = {
    name: text(limit)
    for name, limit in (
        ("attention", 100),
        ("address", 500),
        ("street2", 255),
        ("city", 100),
        ("state", 100),
        ("state_code", 50),
        ("zip", 50),
        ("country", 100),
        ("fax", 50),
        ("phone", 50),
    )
}
CONTACT_ROW = (
    "contact_id",
    "contact_name",
    "customer_name",
    "company_name",
    "contact_type",
    "customer_sub_type",
    "contact_number",
    "status",
    "first_name",
    "last_name",
    "email",
    "phone",
    "mobile",
    "website",
    "language_code",
    "payment_terms",
    "payment_terms_label",
    "currency_id",
    "currency_code",
    "outstanding_receivable_amount",
    "outstanding_payable_amount",
    "unused_credits_receivable_amount",
    "unused_credits_payable_amount",
    "created_time",
    "last_modified_time",
    "custom_fields",
    "custom_field_hash",
)


def person_of(given: dict[str, Any], held: dict[str, Any] | None, new_id: str) -> dict[str, Any]:
    """A contact person, merged into what is held of it."""
    empty = {name: "" for name, _ in PERSON.items() if name not in ("communication_preference",)}
    base = held or {**empty, "contact_person_id": new_id, "is_primary_contact": False, "enable_portal": False}
    fields = shaped(PERSON, given)
    fields.pop("contact_person_id", None)
    return {**base, **fields}


def address_of(given: dict[str, Any], held: dict[str, Any] | None, new_id: str) -> dict[str, Any]:
    """An address goes whole: what the request leaves out is empty afterwards."""
    address_id = (held or {}).get("address_id") or new_id
    return {"address_id": address_id, **dict.fromkeys(ADDRESS, ""), **shaped(ADDRESS, given)}
