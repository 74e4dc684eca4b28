"""Sandbox, Zoho CRM: pages and page tokens. A token holds the place after the last row."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from ..call import Call
from .answers import refuse

__all__ = ["PER_PAGE", "Place", "number_of", "page_and_size", "place_of", "token_for"]

PER_PAGE = 200
LONGEST_NUMBER = 9
DISCRETE_LIMIT = 2_000
TOKEN_LIFE_S = 86_400
UNBOUND = {"page_token", "page"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after `key, id`; `seen` rows lie before it."""

    key: Any
    id: int
    seen: int


def number_of(call: Call, name: str, default: int, most: int | None = None) -> int:
    text = call.arg(name)
    if text is None or text == "":
        return default
    whole = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    if not whole or int(text) < 1 or (most is not None and int(text) > most):
        details: dict[str, Any] = {"param_name": name, "expected_data_type": "integer"}
        if most is not None:
            details["range"] = {"from": 1, "to": most}
        raise refuse("INVALID_DATA", "invalid data", details)
    return int(text)


def page_and_size(call: Call) -> tuple[int, int]:
    size = number_of(call, "per_page", PER_PAGE, PER_PAGE)
    page = number_of(call, "page", 1)
    if page * size > DISCRETE_LIMIT and (page - 1) * size >= DISCRETE_LIMIT:
        details = {"limit": DISCRETE_LIMIT}
        raise refuse(
            "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "you have reached the limit of page param", details
        )
    return page, size


def _bound(call: Call) -> str:
    """What must stay the same from page to page, and who asks."""
    pairs = sorted(pair for pair in call.query if pair[0] not in UNBOUND)
    user = call.grant.user_id if call.grant is not None else ""
    since = call.headers.get("if-modified-since", "")
    return hashlib.sha256(orjson.dumps([call.path, user, since, pairs])).hexdigest()[:16]


def token_for(call: Call, place: Place, now: float) -> tuple[str, float]:
    expires_at = now + TOKEN_LIFE_S
    row = [_bound(call), expires_at, place.key, place.id, place.seen]
    return base64.urlsafe_b64encode(orjson.dumps(row)).decode().rstrip("="), expires_at


def place_of(call: Call, now: float) -> Place | None:
    token = call.arg("page_token")
    if not token:
        return None
    if call.arg("page") is not None:
        details = {"param_names": ["page", "page_token"]}
        raise refuse("AMBIGUITY_DURING_PROCESSING", "Ambiguity while processing the request", details)
    try:
        row = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        bound, expires_at, key, record_id, seen = row
        place = Place(key, int(record_id), int(seen))
        late = float(expires_at) <= now
    except (binascii.Error, orjson.JSONDecodeError, ValueError, TypeError) as exc:
        raise refuse("INVALID_DATA", "invalid data", {"param_name": "page_token"}) from exc
    if bound != _bound(call):
        raise refuse("TOKEN_BOUND_DATA_MISMATCH", "token bound data mismatch", {"param_name": "page_token"})
    if late:
        raise refuse("EXPIRED_VALUE", "the value given is expired", {"param_name": "page_token"})
    return place
