"""Sandbox, Zoho CRM: what a call costs in credits, and which calls are heavy (sheet sections 6.2, 6.3)."""

import re

from ..call import BadJson, Call

__all__ = ["always_heavy", "coql_cost", "heavy_list", "heavy_write", "records_cost"]

_LIMIT = re.compile(r"\blimit\s+(?:\d+\s*,\s*)?(\d+)", re.IGNORECASE)


def records_cost(call: Call) -> int:
    """One credit per ten records written."""
    records = _given(call, "data")
    return max(1, -(-len(records) // 10)) if isinstance(records, list) else 1


def coql_cost(call: Call) -> int:
    query = _given(call, "select_query")
    found = _LIMIT.search(query) if isinstance(query, str) else None
    wanted = int(found.group(1)) if found else 200
    return 1 if wanted <= 200 else 2 if wanted <= 1000 else 3


def _given(call: Call, name: str) -> object:
    try:
        body = call.json()
    except BadJson:
        return None
    return body.get(name) if isinstance(body, dict) else None


def heavy_write(call: Call) -> bool:
    """More than ten records in one insert, update or upsert."""
    records = _given(call, "data")
    return isinstance(records, list) and len(records) > 10


def heavy_list(call: Call) -> bool:
    return bool(call.arg("cvid") or call.arg("sort_by"))


def always_heavy(call: Call) -> bool:
    return True
