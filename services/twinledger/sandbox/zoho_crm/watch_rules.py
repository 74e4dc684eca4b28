"""Sandbox, Zoho CRM: what a watch channel may be: id, events, address, token, and how long it lives."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .answers import ItemError, invalid_data
from .times import parse_time

if TYPE_CHECKING:
    from .organization import Org

__all__ = [
    "DEFAULT_LIFE_S",
    "MOST_LIFE_S",
    "Wanted",
    "channel_id_of",
    "expiry_of",
    "read_events",
    "read_wanted",
]

DEFAULT_LIFE_S = 3_600
MOST_LIFE_S = 7 * 86_400
MOST_EVENTS = 50
MOST_NESTED = 10
OPERATIONS = ("create", "edit", "delete")
OTHER_MODULES = {
    "Tasks", "Cases", "Events", "Meetings", "Calls", "Solutions", "Products", "Price_Books", "Quotes",
    "Sales_Orders", "Purchase_Orders", "Invoices", "users",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """One object of the call. `events`: operations per module. None = not given."""

    channel_id: str
    events: dict[str, list[str]] | None
    notify_url: str | None
    token: str | None
    expires_at: float | None
    values: bool | None
    related: bool | None
    condition: Any
    given: frozenset[str]


def channel_id_of(row: Any, path: str) -> str:
    if not isinstance(row, dict):
        raise invalid_data("watch", path, expected_data_type="jsonobject")
    value = row.get("channel_id")
    if value is None:
        raise _missing("channel_id", path)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19) or int(digits) >= 2**63:
        raise invalid_data("channel_id", f"{path}.channel_id", expected_data_type="bigint")
    return text


def read_wanted(org: "Org", row: Any, path: str, *, complete: bool) -> Wanted:
    """`complete`: events and address must be there (POST, PUT)."""
    channel_id = channel_id_of(row, path)
    for name in ("events", "notify_url") if complete else ():
        if row.get(name) in (None, "", []):
            raise _missing(name, path)
    return Wanted(
        channel_id,
        read_events(org, row["events"], f"{path}.events") if row.get("events") is not None else None,
        _address(row, path),
        _token(org, row, path),
        expiry_of(org, row.get("channel_expiry"), f"{path}.channel_expiry"),
        _flag(row, "return_affected_field_values", path),
        _flag(row, "notify_on_related_action", path),
        _condition(row, path),
        frozenset(row),
    )


def read_events(org: "Org", events: Any, path: str) -> dict[str, list[str]]:
    if not isinstance(events, list) or not events:
        raise invalid_data("events", path, expected_data_type="jsonarray")
    if len(events) > MOST_EVENTS:
        raise ItemError(
            "LIMIT_EXCEEDED", "limit exceeded", {"maximum_length": MOST_EVENTS, "api_name": "events"}
        )
    wanted: dict[str, list[str]] = {}
    for number, event in enumerate(events):
        module, _, operation = str(event).rpartition(".")
        known = module in org.modules or module in OTHER_MODULES
        if not known or operation not in (*OPERATIONS, "all"):
            raise invalid_data("events", f"{path}[{number}]", "invalid data")
        held = wanted.setdefault(module, [])
        held += [each for each in (OPERATIONS if operation == "all" else (operation,)) if each not in held]
    return wanted


def expiry_of(org: "Org", text: Any, path: str) -> float:
    """An hour, unless asked for otherwise; more than a week silently becomes an hour again."""
    now = org.now()
    if text is None or text == "":
        return now + DEFAULT_LIFE_S
    moment = parse_time(text, org.facts.time_zone)
    if moment is None:
        raise invalid_data("channel_expiry", path, expected_data_type="datetime")
    if moment <= now:
        raise invalid_data("channel_expiry", path, "the given time is in the past")
    return moment if moment <= now + MOST_LIFE_S else now + DEFAULT_LIFE_S


def _address(row: dict[str, Any], path: str) -> str | None:
    value = row.get("notify_url")
    if value is None:
        return None
    if (
        not isinstance(value, str)
        or urlsplit(value).scheme not in ("http", "https")
        or not urlsplit(value).netloc
    ):
        raise invalid_data("notify_url", f"{path}.notify_url", expected_data_type="website")
    return value


def _token(org: "Org", row: dict[str, Any], path: str) -> str | None:
    value = row.get("token")
    if value is None:
        return None
    most = int(org.switch("watch_token_max"))
    if not isinstance(value, str) or len(value) > most:
        raise invalid_data("token", f"{path}.token", maximum_length=most)
    return value


def _flag(row: dict[str, Any], name: str, path: str) -> bool | None:
    value = row.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_data(name, f"{path}.{name}", expected_data_type="boolean")
    return value


def _condition(row: dict[str, Any], path: str) -> Any:
    value = row.get("notification_condition")
    if value is not None and (not isinstance(value, list) or len(value) > 2):
        raise invalid_data("notification_condition", f"{path}.notification_condition", maximum_length=2)
    for each in value or ():
        selection = each.get("field_selection") if isinstance(each, dict) else None
        if not isinstance(selection, dict) or not _readable(selection, MOST_NESTED):
            raise invalid_data("notification_condition", f"{path}.notification_condition")
    return value


def _readable(node: Any, depth: int) -> bool:
    """Groups of two, nested, down to a field each."""
    if not isinstance(node, dict) or depth == 0:
        return False
    group = node.get("group")
    if group is None:
        return isinstance(node.get("field"), dict)
    return (
        isinstance(group, list) and 1 <= len(group) <= 2 and all(_readable(each, depth - 1) for each in group)
    )


def _missing(name: str, path: str) -> ItemError:
    details = {"api_name": name, "json_path": f"{path}.{name}"}
    return ItemError("MANDATORY_NOT_FOUND", "required field not found", details)
