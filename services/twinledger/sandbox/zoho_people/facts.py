"""Sandbox, Zoho People: the unverified facts of the sheet, each a switch with a default."""

from ..switches import Switch

__all__ = ["SWITCHES"]


def _switch(name: str, default: bool | str | int, sheet: str, about: str, *choices: str | int) -> Switch:
    return Switch(f"zoho_people.{name}", default, f"zoho-finance {sheet}", about, choices)


SWITCHES = (
    _switch("error_status", 200, "5.3", "HTTP status of failures in the envelope", 200, 400),
    _switch("token_error_status", 401, "5.3", "HTTP status of a dead token", 401, 400, 200),
    _switch("errors_as_array", False, "5.3", "`errors` is an array"),
    _switch("lock_status", 429, "5.4", "HTTP status while an endpoint is locked"),
    _switch("lock_code", 7202, "5.4", "code while an endpoint is locked"),
    _switch("insert_threshold_old", False, "5.4", "insertRecord has 300 calls a minute instead of 100"),
    _switch("missing_code", 7052, "5.4", "code for a missing mandatory field", 7052, 7019),
    _switch("unknown_field_code", 7013, "5.4", "code for a field that the form lacks", 7013, 7020),
)
