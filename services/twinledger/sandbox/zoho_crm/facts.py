"""Sandbox, Zoho CRM: what the sheet leaves open, as switches."""

from ..switches import Switch, Value

__all__ = ["SWITCHES"]


def _s(name: str, default: Value, section: str, about: str, choices: tuple[Value, ...] = ()) -> Switch:
    return Switch(f"zoho_crm.{name}", default, f"zoho-crm.md {section}", about, choices)


SWITCHES = (
    _s("edition", "enterprise", "6.1", "edition of the organization, as GET /org tells it"),
    _s("bare_id_lookup", True, "3.1", "a lookup may be given as a bare id text in place of {id}"),
    _s("company_mandatory", False, "3.2", "a lead needs Company on every call, not only with a Layout"),
    _s(
        "closing_date_mandatory",
        False,
        "3.5",
        "a deal needs Closing_Date on every call, not only with a Layout",
    ),
    _s("unknown_field", "reject", "5.2", "a field key that does not exist", ("reject", "ignore")),
    _s("unknown_picklist", "accept", "5.2", "a value outside a pick list", ("accept", "reject")),
    _s("read_only_field", "ignore", "5.2", "a read-only field in a write", ("ignore", "reject")),
    _s(
        "collect_errors",
        False,
        "5.1",
        "several faults of a record: MULTIPLE_OR_MULTI_ERRORS, not the first one",
    ),
    _s("bigint_as_text", True, "3.1", "bigint values are answered as text"),
    _s("list_returns_id", True, "4.1", "`id` comes back though `fields` does not name it"),
    _s(
        "upsert_id_wins",
        True,
        "4.5",
        "an `id` in an upserted record picks the record before the check fields",
    ),
    _s(
        "upsert_insert_duplicate_field",
        "null",
        "4.5",
        "`duplicate_field` of an upsert that inserted",
        ("null", "name"),
    ),
    _s("upsert_approval_state", False, "4.3", "write results of an upsert carry $approval_state"),
    _s("search_limit_status", 400, "5.1", "HTTP status of LIMIT_REACHED"),
    _s("coql_in_values", 50, "4.9", "most values of an `in` of COQL"),
    _s("coql_pairwise", True, "4.9", "more than two COQL conditions in a row need brackets"),
    _s("coql_where_mandatory", True, "4.9", "COQL without WHERE is refused"),
    _s("custom_fields_per_call", 5, "4.15", "most custom fields made by one POST /settings/fields"),
    _s("not_allowed_status", 403, "5.1", "HTTP status of NOT_ALLOWED and NOT_SUPPORTED", (403, 400)),
    _s(
        "too_many_code",
        "TOO_MANY_REQUESTS",
        "5.1",
        "code of the 429 on notifications and search",
        ("TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED"),
    ),
    _s("too_many_details", False, "5.1", "the 429 names the limit in its details"),
    _s("watch_list_empty_204", True, "7.1", "GET watch without channels: 204, else 200 with an empty list"),
    _s("watch_patch_flat", True, "7.1", "PATCH watch also takes a flat object beside watch:[...]"),
    _s("watch_token_max", 50, "7.1", "longest token of a channel (the spec says 256)"),
    _s("notification_ids", 100, "7.2", "most record ids in one notification"),
    _s("notification_retries", 0, "7.2", "tries after a refused notification, a minute apart"),
    _s("trigger_empty_silences", False, "7.4", "writes with trigger: [] are not notified"),
    _s("external_error_code", "INVALID_DATA", "3.6", "code of an external id that finds nothing"),
)
