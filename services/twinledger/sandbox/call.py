"""Sandbox: what a handler is given and what it answers.

`Change` = the right to change records: every change goes through it, so that ledger, webhooks and the list of
touched objects can never be forgotten. A `Call` (vendor's API) and an `Act` (a person) are both changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from .forms import Form, parse_form
from .grants import Grant
from .ledger import Touched

if TYPE_CHECKING:
    from .plugin import ObjectKind, Route, Vendor
    from .world import World

__all__ = ["Act", "Applied", "BadJson", "Call", "Change", "Refused", "Reply", "html_reply", "json_reply"]

JSON_TYPE = "application/json; charset=utf-8"
Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    media_type: str = JSON_TYPE


def json_reply(value: Any, status: int = 200, headers: Headers | None = None) -> Reply:
    """`value` may hold `orjson.Fragment(table.raw(id))`."""
    return Reply(status, orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), headers or [])


def html_reply(text: str, status: int = 200) -> Reply:
    return Reply(status, text.encode(), [], "text/html; charset=utf-8")


class Refused(Exception):
    """The vendor says no. `reason` is what `POST /act` shows when a person would have been refused."""

    def __init__(self, reply: Reply, reason: str = "") -> None:
        super().__init__(reason or reply.body.decode("utf-8", "replace"))
        self.reply = reply


class BadJson(Exception):
    """The body is no JSON; the gateway answers with the vendor's own words."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One change that took effect. `before` is None for a create, `after` is None for a hard delete."""

    kind: "ObjectKind"
    op: str  # create | update | delete
    id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor: str
    data: dict[str, Any]


class Change:
    """`op` is what the ledger and the webhooks call it: create, update, delete (soft ones too), ..."""

    def __init__(self, world: "World", vendor: "Vendor", method: str | None, path: str | None) -> None:
        self.world = world
        self.vendor = vendor
        self.method = method
        self.path = path
        self.actor = "owner"
        self.touched: list[Touched] = []
        self.write_lag_s = 0.0

    def create(self, kind: "ObjectKind", record: dict[str, Any], *, quiet: bool = False, **data: Any) -> str:
        kind.table.put(record, visible_from=self.world.clock.now() + self.write_lag_s)
        record_id = kind.table.id_of(record)
        self._applied(Applied(kind, "create", record_id, None, record, self.actor, data), quiet)
        return record_id

    def update(
        self,
        kind: "ObjectKind",
        record: dict[str, Any],
        *,
        op: str = "update",
        quiet: bool = False,
        **data: Any,
    ) -> None:
        record_id = kind.table.id_of(record)
        before = kind.table.get(record_id)
        kind.table.put(record)
        self._applied(Applied(kind, op, record_id, before, record, self.actor, data), quiet)

    def delete(self, kind: "ObjectKind", record_id: str, *, quiet: bool = False, **data: Any) -> None:
        """For good; a soft delete is an `update` with `op="delete"`."""
        before = kind.table.remove(record_id)
        self._applied(Applied(kind, "delete", record_id, before, None, self.actor, data), quiet)

    def _applied(self, applied: Applied, quiet: bool) -> None:
        """`quiet` keeps webhooks still (Zoho's `trigger: []`), never the ledger."""
        touched = {"object": applied.kind.name, "id": applied.id, "op": applied.op}
        self.touched.append(touched)
        self.world.ledger.append(
            "effect", self.vendor.system, self.method, self.path, None, None, None, [touched]
        )
        if not quiet:
            for delivery in self.vendor.notify(applied):
                self.world.webhooks.submit(delivery)


class Act(Change):
    """What a person does in the vendor's own web page: no limits, actor = the owner."""


class Call(Change):
    """One request over a vendor's API, after routing and authentication."""

    method: str
    path: str

    def __init__(
        self,
        world: "World",
        vendor: "Vendor",
        route: "Route | None",
        method: str,
        path: str,
        params: Mapping[str, str],
        query_string: bytes,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        super().__init__(world, vendor, method, path)
        self.route = route
        self.params = params
        self.headers = headers
        self.body = body
        self.query: list[tuple[str, str]] = (
            parse_qsl(query_string.decode("latin-1"), keep_blank_values=True) if query_string else []
        )
        self.grant: Grant | None = None
        self.token: str | None = None
        self._json: Any = _UNREAD
        self._form: Form | None = None

    def arg(self, name: str, default: str | None = None) -> str | None:
        return next((value for key, value in self.query if key == name), default)

    def args(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def json(self) -> Any:
        if self._json is _UNREAD:
            try:
                self._json = orjson.loads(self.body)
            except orjson.JSONDecodeError as exc:
                raise BadJson(str(exc)) from exc
        return self._json

    def form(self) -> Form:
        if self._form is None:
            self._form = parse_form(self.body, self.headers.get("content-type", ""))
        return self._form


_UNREAD = object()
