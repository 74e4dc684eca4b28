"""FreshBooks says no: one body shape per family of paths. Sheet 5."""

from dataclasses import dataclass
from typing import Any

from ..call import Call, Change, Refused, Reply, json_reply
from ..plugin import Problem

__all__ = [
    "Detail",
    "accounting_refusal",
    "accounting_reply",
    "business_refusal",
    "events_refusal",
    "family",
    "not_found",
    "problem_reply",
]

UNAUTHENTICATED = {
    "error": "unauthenticated",
    "error_description": "This action requires authentication to continue.",
}
GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 422: 3, 429: 8}
NEW_ERRORS_SINCE = "2023-02-20"
BUSINESS_FAMILIES = {"projects", "timetracking", "comments"}


@dataclass(frozen=True, slots=True)
class Detail:
    """One entry of the accounting error list."""

    errno: int
    message: str
    field: str | None = None
    object: str | None = None
    value: Any = None

    def row(self) -> dict[str, Any]:
        return {
            "errno": self.errno,
            "field": self.field,
            "message": self.message,
            "object": self.object,
            "value": self.value,
        }


def family(path: str) -> str:
    """accounting, projects, timetracking, comments, events, uploads, auth: the first path segment."""
    return path.lstrip("/").partition("/")[0]


def accounting_reply(change: Change, status: int, *details: Detail) -> Reply:
    if isinstance(change, Call) and _wants_new_errors(change):
        return json_reply(_google_rpc(status, details), status)
    return json_reply({"response": {"errors": [detail.row() for detail in details]}}, status)


def accounting_refusal(change: Change, status: int, *details: Detail) -> Refused:
    """The lists of callbacks share their paging with accounting, not their error body."""
    if isinstance(change, Call) and family(change.path) == "events":
        return events_refusal(
            status, "Invalid data in this request.", [f"{each.field}: {each.message}" for each in details]
        )
    return Refused(accounting_reply(change, status, *details), "; ".join(each.message for each in details))


def not_found(change: Change, name: str, record_id: Any, field: str) -> Refused:
    """`Client not found.`, 404."""
    title = name.replace("_", " ").capitalize()
    return accounting_refusal(change, 404, Detail(1012, f"{title} not found.", field, name, str(record_id)))


def business_refusal(status: int, error: str | dict[str, str]) -> Refused:
    """Projects, time tracking, comments: text for a 404, field -> text for a 422."""
    if isinstance(error, str):
        return Refused(json_reply({"error": error}, status), error)
    reason = "; ".join(f"{field}: {text}" for field, text in error.items())
    return Refused(json_reply({"errno": 2001, "error": error}, status), reason)


def events_refusal(status: int, message: str, details: list[str] | None = None) -> Refused:
    body: dict[str, Any] = {"errno": status, "message": message}
    if details:
        body["details"] = details
    return Refused(json_reply(body, status), message)


def problem_reply(call: Call, problem: Problem) -> Reply:
    """The core's refusals in the words of the family the path belongs to."""
    reply = _problem_body(call, problem)
    if problem.over is not None:
        reply.headers.append(("Retry-After", str(max(1, int(problem.over.retry_after_s + 0.999)))))
    return reply


def _problem_body(call: Call, problem: Problem) -> Reply:
    place, status = family(call.path), problem.status
    if problem.kind == "unauthenticated":
        return _unauthenticated(call, place)
    text = _TEXTS.get(problem.kind, "Request failed")
    if problem.kind == "fault":
        text = f"Request failed with status code {status}"
    if place in BUSINESS_FAMILIES:
        return json_reply({"errno": status, "error": text} if status != 404 else {"error": text}, status)
    if place == "events":
        return json_reply({"errno": status, "message": text}, status)
    if place == "payments":
        return json_reply({"error_type": problem.kind, "message": text}, status)
    if place in {"auth", "service", "oauth", "uploads"}:
        return json_reply({"error": text}, status)
    errno = _ERRNOS.get(problem.kind, status if status in {409, 429} else 500)
    return accounting_reply(call, status, Detail(errno, text))


def _unauthenticated(call: Call, place: str) -> Reply:
    by_family = call.world.switches.get("freshbooks.unauthorized_body") == "family"
    if by_family and place in BUSINESS_FAMILIES:
        message = "invalid_token: The request token failed to authenticate or validate."
        return json_reply({"message": message}, 401)
    if place == "accounting" and (by_family or _wants_new_errors(call)):
        return json_reply(_google_rpc(401, (Detail(1003, UNAUTHENTICATED["error_description"]),)), 401)
    return json_reply(UNAUTHENTICATED, 401)


def _wants_new_errors(call: Call) -> bool:
    if call.headers.get("x-api-version", "") >= NEW_ERRORS_SINCE:
        return True
    return "api-version" in call.headers and call.world.switches.on("freshbooks.alpha_errors")


def _google_rpc(status: int, details: tuple[Detail, ...]) -> dict[str, Any]:
    return {
        "code": GRPC_CODES.get(status, 2),
        "message": f"Request failed with status_code: {status}",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": str(detail.errno),
                "domain": "accounting.api.freshbooks.com",
                "metadata": {
                    name: "" if value is None else str(value)
                    for name, value in detail.row().items()
                    if name != "errno"
                },
            }
            for detail in details
        ],
    }


_TEXTS = {
    "no_route": "Requested resource could not be found.",
    "method": "The method is not allowed for the requested URL.",
    "bad_json": "The request could not be parsed.",
    "too_large": "The request is too large.",
    "scope": "The token does not have the scope this action requires.",
    "limit": "Too many requests. Please try again later.",
    "crash": "An unexpected error occurred.",
}
_ERRNOS = {"no_route": 1012, "method": 1004, "bad_json": 1005, "too_large": 1017, "scope": 1003, "limit": 429}
