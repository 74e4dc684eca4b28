"""Sandbox, Zoho CRM: the shapes of its answers: flat errors, and one result per record."""

from collections.abc import Sequence
from typing import Any

from ..call import Refused, Reply, json_reply

__all__ = ["ItemError", "empty", "flat", "invalid_data", "item_reply", "refuse"]


class ItemError(Exception):
    """One record (or one watch, one field ...) is refused; the others of the call are not."""

    def __init__(
        self, code: str, message: str, details: dict[str, Any] | None = None, status: int = 400
    ) -> None:
        super().__init__(f"{code}: {message} {details or ''}".strip())
        self.code = code
        self.message = message
        self.details = details or {}
        self.status = status

    def row(self) -> dict[str, Any]:
        return {"code": self.code, "details": self.details, "message": self.message, "status": "error"}

    def flat(self) -> Refused:
        return Refused(flat(self.code, self.message, self.details, self.status), str(self))


def flat(code: str, message: str, details: dict[str, Any] | None = None, status: int = 400) -> Reply:
    body = {"code": code, "details": details or {}, "message": message, "status": "error"}
    return json_reply(body, status)


def refuse(code: str, message: str, details: dict[str, Any] | None = None, status: int = 400) -> Refused:
    return Refused(flat(code, message, details, status), f"{code}: {message}")


def invalid_data(api_name: str, path: str, message: str = "invalid data", **details: Any) -> ItemError:
    return ItemError("INVALID_DATA", message, {**details, "api_name": api_name, "json_path": path})


def empty(status: int = 204) -> Reply:
    return Reply(status)


def item_reply(wrapper: str, rows: Sequence[dict[str, Any] | ItemError], ok_status: int = 200) -> Reply:
    """All went well: `ok_status`; some: 207; none: the status of the refusals."""
    refused = [each for each in rows if isinstance(each, ItemError)]
    body = {wrapper: [each.row() if isinstance(each, ItemError) else each for each in rows]}
    if not refused:
        return json_reply(body, ok_status)
    if len(refused) < len(rows):
        return json_reply(body, 207)
    return json_reply(body, max(each.status for each in refused))
