"""FreshBooks' unverified facts, as switches. Each names the section of the fact sheet that leaves it open."""

from ..switches import Switch

__all__ = ["SWITCHES"]

SWITCHES = (
    Switch(
        "freshbooks.alpha_errors",
        False,
        "1, 5",
        "the `Api-Version` header alone asks for the newer error body",
    ),
    Switch(
        "freshbooks.unauthorized_body",
        "auth",
        "5",
        "body of a 401: one shape for all, or each family's own",
        ("auth", "family"),
    ),
    Switch(
        "freshbooks.rate_headers", False, "5", "X-RateLimit-* and Retry-After on every answer (2019 captures)"
    ),
    Switch("freshbooks.refresh_kills_access_token", False, "2", "the old access token dies with a refresh"),
    Switch(
        "freshbooks.refresh_keeps_created_at",
        False,
        "2",
        "a refresh answers the first created_at, expires_in one less, and dies by them, until those are over",
    ),
    Switch(
        "freshbooks.client_limit",
        0,
        "3.2, 7",
        "how many clients the plan allows; more are 403 (0: no cap)",
    ),
    Switch(
        "freshbooks.callback_disabled_after",
        0,
        "6",
        "a uri with so many dropped messages in a row is no longer verified (0: never)",
    ),
    Switch("freshbooks.refresh_needs_redirect_uri", False, "2", "a refresh without redirect_uri is refused"),
    Switch("freshbooks.scope_status", 403, "2", "HTTP status of a call whose scope the token lacks"),
    Switch("freshbooks.business_post_status", 200, "3.0", "HTTP status of a created project, hour, service"),
    Switch("freshbooks.events_time", "iso", "3.0", "updated_at of a callback", ("iso", "sql")),
    Switch("freshbooks.default_order", "newest", "4", "order of a list without sort", ("newest", "oldest")),
    Switch("freshbooks.updated_min_works", True, "4", "accounting lists honour updated_min and updated_max"),
    Switch("freshbooks.pkce_checked", True, "2", "a wrong code_verifier is refused"),
    Switch(
        "freshbooks.client_needs_a_name",
        True,
        "3.2",
        "a client without email, name and organization is refused",
    ),
    Switch(
        "freshbooks.unique_client_email", False, "3.2, 7", "a second client with the same e-mail is refused"
    ),
    Switch("freshbooks.contacts_shown", True, "3.2", "secondary contacts come back in the client"),
    Switch(
        "freshbooks.unique_invoice_number", True, "7", "a duplicate invoice_number is refused (errno 1029)"
    ),
    Switch("freshbooks.unique_tax_name", False, "5", "a duplicate tax name is refused (errno 1026)"),
    Switch(
        "freshbooks.overpayment_credit", True, "3.4", "a payment above the outstanding amount leaves a credit"
    ),
    Switch(
        "freshbooks.tax_rounding",
        "tax",
        "3.3",
        "taxes are rounded once per tax of the document, or on every line",
        ("tax", "line"),
    ),
    Switch("freshbooks.items_gated", False, "3.6, 7", "items answer 200 with errno 12001"),
    Switch("freshbooks.categories_created_by_api", False, "3.5", "expense categories can be created"),
    Switch("freshbooks.bill_embeds_vendor", True, "3.13", "a bill embeds its vendor without an include"),
    Switch(
        "freshbooks.time_entry_full_update", False, "3.8", "a PUT needs started_at, is_logged and duration"
    ),
    Switch(
        "freshbooks.lists_complete_projects", False, "3.9", "complete projects are listed without a filter"
    ),
    Switch(
        "freshbooks.project_without_title_is_500",
        False,
        "3.9",
        "a project PUT without title answers 500, not 422",
    ),
    Switch("freshbooks.account_id_null", False, "1.2", "the business of users/me has no account_id"),
    Switch(
        "freshbooks.soft_delete_event",
        "delete",
        "6",
        "which event a soft delete by vis_state raises",
        ("delete", "update"),
    ),
    Switch("freshbooks.payment_raises_invoice_update", True, "6", "a payment also raises invoice.update"),
    Switch("freshbooks.resend_makes_new_code", False, "6", "a resend of the verification makes a fresh code"),
    Switch("freshbooks.handshake_signed", False, "6", "the verification POST carries a signature"),
    Switch("freshbooks.callback_retries", 3, "6", "how often a failed delivery is tried again (at most 5)"),
    Switch("freshbooks.callback_id_key", False, "3.0", "a callback names its id `id`, not `callbackid`"),
)
