"""Sandbox, Zoho Books: the unverified facts of the sheet, each a switch with a default."""

from ..switches import Switch

__all__ = ["SWITCHES"]


def _switch(name: str, default: bool | str | int, sheet: str, about: str, *choices: str | int) -> Switch:
    return Switch(f"zoho_books.{name}", default, f"zoho-finance {sheet}", about, choices)


SWITCHES = (
    _switch("fullaccess_scope", True, "1.4", "`<Service>.fullaccess.all` opens every call"),
    _switch("dead_token_status", 401, "6", "HTTP status of code 57", 401, 400),
    _switch("missing_organization_code", 4029, "1.2", "code for a missing organization_id"),
    _switch(
        "foreign_organization_status", 401, "6", "HTTP status of code 6041, a wrong organization_id", 401, 400
    ),
    _switch("absent_status", 404, "6", "HTTP status of code 1002, an unknown id", 404, 400),
    _switch("no_route_code", 5, "6", "code of the 404 for an unknown path"),
    _switch("large_page", "clamp", "2.1", "per_page above 200", "clamp", "refuse"),
    _switch(
        "modified_filter_everywhere",
        False,
        "2.1",
        "last_modified_time filters also where it is not published (contacts, items, expenses, payments)",
    ),
    _switch(
        "twinledger_field",
        True,
        "2.2",
        "our custom fields exist: the unique cf_twinledger_ref on all, what flows write back on orders",
    ),
    _switch("upsert_created_status", 200, "2.2", "HTTP status when an upsert created the record", 200, 201),
    _switch("upsert_no_match_code", 1002, "2.2", "code of an update by unique field that matches nothing"),
    _switch("duplicate_field_code", 1001, "2.2", "code for a taken value of a unique custom field"),
    _switch(
        "contact_email", True, "2.4", "top-level e-mail, phone and names of a contact make its primary person"
    ),
    _switch("contact_persons_replace", True, "2.4", "PUT removes the contact persons that it leaves out"),
    _switch("names_per_type", True, "9", "a customer and a vendor may have the same contact_name"),
    _switch("names_of_inactive", True, "9", "inactive contacts keep their name taken"),
    _switch("duplicate_sku", False, "9", "two items may have the same SKU"),
    _switch("duplicate_number_code", 1001, "9", "code for a taken document number"),
    _switch("state_rule_code", 1004, "2.5", "code when the status of a record forbids the action"),
    _switch(
        "tax_rounding",
        "entity_level",
        "2.5",
        "taxes are rounded once per tax (entity_level) or on each line (item_level)",
        "entity_level",
        "item_level",
    ),
    _switch(
        "over_allocation_code", 24016, "2.6", "code when a payment passes its amount or an invoice's balance"
    ),
    _switch("payment_modes_open", True, "2.6", "payment modes named by the organization are taken"),
    _switch("unapplied_payments", True, "2.6", "a payment without invoices is taken"),
    _switch(
        "put_needs_required", True, "2.2", "PUT needs the create's required fields (some clients send less)"
    ),
    _switch("lines_replace", True, "9", "PUT removes the lines that it leaves out"),
    _switch("taxes_enabled", True, "2.9", "off: sales tax was never switched on, code 110817"),
    _switch("minute_code", 44, "7", "code of the per-minute 429; 43 blocks for an hour", 44, 43),
    _switch("retry_after", True, "7", "429 answers carry Retry-After"),
    _switch("rate_headers", False, "7", "answers carry X-Rate-Limit-* of the daily quota, as seen in 2019"),
    _switch("signature", "base64", "8.2", "encoding of X-Zoho-Webhook-Signature", "base64", "hex"),
    _switch("order_closes", True, "3.3", "an order fulfilled, invoiced and paid is closed"),
    _switch("order_words", True, "3.3", "sub-statuses not_invoiced and pending; off: they are empty"),
    _switch("webhook_events_fire", True, "8.1", "a webhook with `events` fires without a workflow rule"),
    _switch("api_writes_fire", True, "8.3", "changes made over the API fire webhooks"),
    _switch("skip_trigger_header", False, "8.3", "X-Zoho-Skip-Webhook-Trigger: true keeps webhooks still"),
)
