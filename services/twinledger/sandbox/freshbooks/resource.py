"""An accounting resource of FreshBooks: list, get, create, update by phases, delete. Sheet 3.0, 3.1, 4.

A resource is a subclass that declares its names, fields, filters and sorts, and overrides what it computes.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from ..call import Call, Change, Reply, json_reply
from ..indexes import Index
from ..plugin import ActOperation, ObjectKind, Route
from ..store import Page
from .acts import acts_on
from .errors import Detail, accounting_refusal, not_found
from .fields import Field, body_schema, parse_fields
from .listing import (
    SearchKey,
    among_all,
    includes_of,
    merge_ranges,
    number,
    read_paging,
    read_search,
    sorted_by,
    standard_indexes,
    without_updated,
)
from .vis_state import DELETED
from .wire import eastern

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = ["Resource"]

Record = dict[str, Any]


class Resource:
    """`name` is the singular of bodies, ledger and webhooks; `plural` the key of lists."""

    name = ""
    plural = ""
    path = ""  # below /accounting/account/{account_id}/
    scope = ""
    sheet = ""
    id_keys: tuple[str, ...] = ("id",)
    first_id = 1
    fields: Mapping[str, Field] = {}
    required: tuple[str, ...] = ()
    sorts: Mapping[str, str] = {"id": "id", "updated": "updated"}
    methods: tuple[str, ...] = ("list", "get", "create", "update")
    has_vis_state = True
    event = True
    always_shown: tuple[str, ...] = ()  # includes that `GET /state` adds: lines, where a resource hides them
    plain_view = True  # the stored bytes are the answer: no includes, nothing computed at read

    def __init__(self, vendor: "FreshBooks") -> None:
        self.vendor = vendor
        self.world = vendor.world
        self.table = self.world.table(
            f"freshbooks.{self.name}",
            [*self._standard_indexes(), *self.indexes()],
            id_of=self._id_of,
            order="id",
        )
        self.kind = ObjectKind(self.name, self.table, self._shown, self.is_deleted, self.acts())
        self.search = {**self._standard_search(), **self.search_keys()}

    def indexes(self) -> Sequence[Index]:
        return ()

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {}

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        """Further reasons to refuse, after the fields themselves are sound."""
        return []

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        """Computes what follows from the written fields, in place."""

    def applied(self, change: Change, before: Record | None, after: Record) -> None:
        """Consequences for other records."""

    def act_on(self, change: Change, record: Record, body: Record) -> bool:
        """The phase of `action_...` keys: True if one of them was there and has been done."""
        return False

    def view(self, record: Record, includes: set[str]) -> Any:
        return record

    def view_depends_on(self, includes: set[str]) -> Hashable | None:
        """What a view depends on beside its record and the switches; None: on other records."""
        return None

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated"] = eastern(now)

    def routes(self) -> list[Route]:
        base, one = (f"/accounting/account/{{account_id}}/{self.path}{tail}" for tail in ("", "/{id}"))
        table = {
            "list": ("GET", base, self.list_page, "read"),
            "get": ("GET", one, self.get, "read"),
            "create": ("POST", base, self.post, "write"),
            "update": ("PUT", one, self.put, "write"),
            "delete": ("DELETE", one, self.delete, "write"),
        }
        filters = tuple(f"search[{key}]" for key in self.search)
        return [
            Route(
                method,
                path,
                handler,
                "freshbooks.api",
                summary=f"{operation} {self.plural}",
                sheet=self.sheet,
                scopes=(f"user:{self.scope}:{right}",),
                objects=(self.name,),
                query=("page", "per_page", "sort", *filters) if operation == "list" else (),
                body=body_schema(self.name, self.fields, self.required if operation == "create" else ()),
            )
            for operation, (method, path, handler, right) in table.items()
            if operation in self.methods
        ]

    def list_page(self, call: Call) -> Reply:
        paging = read_paging(call, 15)
        page = self.select(call, paging.offset, paging.per_page)
        rows = self.rows(page, includes_of(call))
        return json_reply({"response": {"result": {self.plural: rows, **paging.counts(page.total)}}})

    def select(self, call: Call, offset: int, limit: int) -> Page:
        filters = merge_ranges(read_search(call, self.search))
        newest_first = self.world.switches.get("freshbooks.default_order") == "newest"
        order, descending = sorted_by(call, self.sorts) or ("id", newest_first)
        if not self.world.switches.on("freshbooks.updated_min_works"):
            filters = without_updated(filters)
        if order == "id" and any(key == "search[vis_state]" for key, _ in call.query):
            order = "all"
            filters = [among_all(each) for each in filters]
        return self.table.select(filters, order=order, descending=descending, offset=offset, limit=limit)

    def rows(self, page: Page, includes: set[str]) -> Sequence[Any]:
        if self.plain_view:
            return [orjson.Fragment(self.table.raw(each)) for each in page.ids]
        stamp = self.view_depends_on(includes)
        if stamp is None:
            records = (self.table.get(each) for each in page.ids)
            return [self.view(record, includes) for record in records if record is not None]
        view, stamp = frozenset(includes), (stamp, self.world.switches.version)
        return self.world.rendered.of(self.table, page.ids, view, stamp, lambda row: self.view(row, includes))

    def get(self, call: Call) -> Reply:
        return self._answer(self.require(call, call.params["id"]), includes_of(call))

    def post(self, call: Call) -> Reply:
        record_id = self.create(call, self._body(call))
        return self._answer(self.require(call, record_id), includes_of(call))

    def put(self, call: Call) -> Reply:
        record = self.require(call, call.params["id"])
        self.update(call, record, self._body(call))
        return self._answer(self.require(call, call.params["id"]), includes_of(call))

    def delete(self, call: Call) -> Reply:
        """Soft where the resource has a vis_state, for good where it has none."""
        self.set_vis_state(call, self.require(call, call.params["id"]), DELETED)
        return json_reply({"response": {}})

    def _answer(self, record: Record, includes: set[str]) -> Reply:
        return json_reply({"response": {"result": {self.name: self.view(record, includes)}}})

    def _body(self, call: Call) -> Record:
        """Without the wrapper nothing in the body counts, as one SDK finds out with credit notes."""
        body = call.json()
        wrapped = body.get(self.name) if isinstance(body, dict) else None
        return wrapped if isinstance(wrapped, dict) else {}

    # -- changes, by the API and by a person alike

    def require(self, change: Change, record_id: Any) -> Record:
        record = self.table.get(str(record_id))
        if record is None:
            raise not_found(change, self.name, record_id, self.id_keys[-1])
        return record

    def create(self, change: Change, body: Record) -> str:
        values = self._values(change, body, None)
        number = self.world.counters.next(f"freshbooks.{self.name}", self.first_id)
        record: Record = dict.fromkeys(self.id_keys, number)
        record |= {key: field.default for key, field in self.fields.items() if not field.refused}
        record |= values
        if self.has_vis_state:
            record["vis_state"] = 0
        self.stamp(record, self.world.clock.now(), creating=True)
        self.complete(change, record, values, None)
        change.create(self.kind, record)
        self.applied(change, None, record)
        return str(number)

    def update(self, change: Change, record: Record, body: Record) -> None:
        """Only the first phase that is present runs; the rest of the body is thrown away with a 200."""
        if "ext_vis_state" in body:
            return
        if self.has_vis_state and "vis_state" in body:
            self.set_vis_state(change, record, self._vis_state(change, body["vis_state"]))
            return
        if self.act_on(change, record, body):
            return
        before = dict(record)
        values = self._values(change, body, before)
        after = {**record, **values}
        self.stamp(after, self.world.clock.now(), creating=False)
        self.complete(change, after, values, before)
        change.update(self.kind, after)
        self.applied(change, before, after)

    def set_vis_state(self, change: Change, record: Record, wanted: int) -> None:
        if not self.has_vis_state:
            change.delete(self.kind, self.table.id_of(record))
            return
        before = dict(record)
        record["vis_state"] = wanted
        self.stamp(record, self.world.clock.now(), creating=False)
        soft = self.world.switches.get("freshbooks.soft_delete_event")
        deleting = wanted == DELETED and before["vis_state"] != DELETED
        change.update(
            self.kind, record, op="delete" if deleting else "update", event=soft if deleting else None
        )
        self.applied(change, before, record)

    def _vis_state(self, change: Change, value: Any) -> int:
        if value in (0, 1, 2, "0", "1", "2") and not isinstance(value, bool):
            return int(value)
        raise accounting_refusal(
            change, 422, Detail(1004, "vis_state must be 0, 1 or 2.", "vis_state", self.name, value)
        )

    def _values(self, change: Change, body: Record, before: Record | None) -> Record:
        creating = before is None
        currency = body.get("currency_code") or (before or {}).get("currency_code") or self.vendor.currency
        values, invalid, denied = parse_fields(
            self.fields, body, name=self.name, currency=str(currency), creating=creating
        )
        if denied:
            raise accounting_refusal(change, 403, *denied)
        missing = [
            Detail(1001, f"'{key}' is a required field.", key, self.name)
            for key in self.required
            if body.get(key) in (None, "") and (creating or key in body)
        ]
        details = missing + invalid
        details = details or self.check(change, values, before)
        if details:
            raise accounting_refusal(change, 422, *details)
        return values

    def acts(self) -> dict[str, ActOperation]:
        """What a person does in the web page."""
        return acts_on(self)

    def is_deleted(self, record: Record) -> bool:
        return record.get("vis_state") == DELETED

    def is_living(self, record: Record) -> bool:
        return not self.is_deleted(record)

    def _id_of(self, record: Record) -> Any:
        return record[self.id_keys[0]]

    def _shown(self, record: Record) -> Any:
        return self.view(record, set(self.always_shown))

    def _standard_indexes(self) -> list[Index]:
        return standard_indexes(self._id_of, self.is_living)

    def _standard_search(self) -> dict[str, SearchKey]:
        keys = {"vis_state": number("vis_state")} if self.has_vis_state else {}
        keys |= {self.id_keys[-1]: number("id_value"), f"{self.id_keys[-1]}s": number("id_value")}
        return keys
