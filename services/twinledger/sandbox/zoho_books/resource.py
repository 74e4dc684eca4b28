"""Sandbox, Zoho finance: what every resource does alike: list, read, create, update, upsert, delete, actions.

A resource is declared by class attributes and three methods: `build`, `check_delete` and `status_filters`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ..call import Act, Call, Change, Refused, Reply
from ..plugin import ActOperation, ObjectKind, Route
from ..store import Filter, Table
from .answers import absent, refuse, success
from .custom_fields import carrying
from .listing import Columns, filters_of, indexes_of, paging_of
from .shape import Shape, read_body, shaped

if TYPE_CHECKING:
    from .finance import Finance
    from .product import FinanceProduct

__all__ = ["Action", "Query", "Record", "Resource"]

Record = dict[str, Any]
Query = Mapping[str, str]
Action = Callable[[Change, str, dict[str, Any]], str | None]


class Resource:
    name: ClassVar[str]  # the object's name in the ledger and for acts
    path: ClassVar[str]
    id_key: ClassVar[str]
    one: ClassVar[str]
    many: ClassVar[str]
    label: ClassVar[str]
    scope: ClassVar[str]
    report: ClassVar[str] = ""
    created: ClassVar[str] = "success"
    updated: ClassVar[str] = "success"
    deleted: ClassVar[str] = "success"
    created_status: ClassVar[int] = 201
    shape: ClassVar[Shape] = {}
    required: ClassVar[tuple[str, ...]] = ()
    row: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[Columns] = Columns()
    upsert: ClassVar[bool] = True
    default_filter: ClassVar[str] = "Status.All"
    plain: ClassVar[bool] = True  # the stored record is what a GET answers
    sheet: ClassVar[str] = "2.3"
    group: ClassVar[str] = "finance"  # whose tables: Expense has expenses and users of its own

    def __init__(self, finance: "Finance") -> None:
        self.finance = finance
        self.organization = finance.organization
        self.world = finance.world
        indexes = [*indexes_of(self.columns, self.id_key), *self.extra_indexes()]
        self.table = self.world.table(
            f"zoho.{self.organization.site}.{self.group}.{self.name}",
            indexes,
            id_of=lambda record: record[self.id_key],
            order="id",
        )
        self.kind = ObjectKind(
            self.name, self.table, lambda record: self.render(record, "books"), acts=self.acts()
        )

    # What a resource overrides.

    def extra_indexes(self) -> list[Any]:
        return []

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        """Puts the checked fields into the record, computes the rest, refuses what Zoho refuses."""
        record.update(fields)

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        """Effects on other records, once the change took place."""

    def check_delete(self, record: Record) -> None: ...

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        """Path below the record -> function, message, HTTP status."""
        return {}

    def act_extras(self) -> dict[str, ActOperation]:
        return {}

    def render(self, record: Record, product: str) -> Any:
        return record

    def status_filters(self, wanted: str) -> list[Filter]:
        return []

    # The changes, shared by the API and by people.

    def create(self, change: Change, body: Record, query: Query) -> str:
        fields = shaped(self.shape, body, self.required)
        stamp = self.organization.stamp()
        record: Record = {self.id_key: self.organization.new_id()}
        record["created_time"] = record["last_modified_time"] = stamp
        self.build(record, fields, query, creating=True)
        self._custom(record, body)
        created = change.create(self.kind, record, quiet=self.finance.workflows.quiet(change))
        self.after(change, None, record)
        return created

    def update(self, change: Change, record_id: str, body: Record, query: Query) -> str:
        before = self.need(record_id)
        fields = shaped(self.shape, body, self.required_in_update(change))
        record = self.need(record_id)
        self.build(record, fields, query, creating=False)
        self._custom(record, body)
        self.store(change, record)
        self.after(change, before, record)
        return record_id

    def required_in_update(self, change: Change) -> tuple[str, ...]:
        """A person edits in a form that holds all the rest."""
        needed = self.organization.switch("put_needs_required")
        return () if isinstance(change, Act) or not needed else self.required

    def store(self, change: Change, record: Record, *, op: str = "update") -> None:
        record["last_modified_time"] = self.organization.stamp()
        change.update(self.kind, record, op=op, quiet=self.finance.workflows.quiet(change))

    def delete(self, change: Change, record_id: str) -> None:
        record = self.need(record_id)
        self.check_delete(record)
        change.delete(self.kind, record_id, quiet=self.finance.workflows.quiet(change))
        self.after(change, record, None)

    def need(self, record_id: str, label: str | None = None) -> Record:
        found = self.table.get(record_id)
        if found is None:
            raise self.absent(label)
        return found

    def absent(self, label: str | None = None) -> Refused:
        return absent(label or self.label, self.organization.code("absent_status"))

    def refuse_state(self, message: str) -> Refused:
        return refuse(self.organization.code("state_rule_code"), message)

    def _custom(self, record: Record, body: Record) -> None:
        if isinstance(body.get("custom_fields"), list):
            given = [each for each in body["custom_fields"] if isinstance(each, dict)]
            self.finance.custom_fields.apply(record, self.name, given, self.table)
        else:
            record.setdefault("custom_fields", [])
            record.setdefault("custom_field_hash", {})

    # The handlers.

    def view(self, record_id: str, product: str) -> Any:
        if self.plain:
            return orjson.Fragment(self.table.raw(record_id))
        return self.render(self.need(record_id), product)

    def short(self, record: Record) -> Record:
        return {name: record.get(name, "") for name in self.row}

    def page(self, call: Call) -> Reply:
        paging = paging_of(call, self.columns, self.organization, self.default_filter)
        filters = [*self.status_filters(paging.applied_filter), *self.list_filters(call)]
        page = self.table.select(
            filters,
            order=paging.sort_column,
            descending=paging.sort_order == "D",
            offset=(paging.page - 1) * paging.per_page,
            limit=paging.per_page,
        )
        product, versions = product_of(call), [each.version for each in self.rows_depend_on()]
        stamp = (self.organization.today(), self.world.switches.version, *versions)
        rows = self.world.rendered.of(
            self.table, page.ids, product, stamp, lambda row: self.short(self.render(row, product))
        )
        body: Record = {
            self.many_key(): rows,
            "page_context": paging.context(page, self.report or self.label),
        }
        return success(**body)

    def rows_depend_on(self) -> Iterable[Table]:
        """Tables that `render` reads for a row of a list."""
        return ()

    def many_key(self) -> str:
        return self.many

    def list_filters(self, call: Call) -> list[Filter]:
        return filters_of(call, self.columns, self.organization)

    def read(self, call: Call) -> Reply:
        record_id = self.need(call.params["id"])[self.id_key]
        return success(**{self.one: self.view(record_id, product_of(call))})

    def post(self, call: Call) -> Reply:
        created = self.create(call, read_body(call), dict(call.query))
        product = product_of(call)
        status = self.status_of_create(product)
        return success(self.created, status, **{self.one: self.view(created, product)})

    def status_of_create(self, product: str) -> int:
        return self.created_status

    def put(self, call: Call) -> Reply:
        body = read_body(call)
        changed = self.update(call, call.params["id"], body, dict(call.query))
        return success(self.updated, **{self.one: self.view(changed, product_of(call))})

    def put_unique(self, call: Call) -> Reply:
        """Update, or upsert, by a unique custom field: both headers are required (sheet 2.2)."""
        body = read_body(call)
        key = call.headers.get("x-unique-identifier-key", "")
        value = call.headers.get("x-unique-identifier-value", "")
        for name, given in (("X-Unique-Identifier-Key", key), ("X-Unique-Identifier-Value", value)):
            if not given:
                raise refuse(4, f"Invalid value passed for {name}")
        if not self.finance.custom_fields.unique_name(self.name, key):
            raise refuse(4, "Invalid value passed for X-Unique-Identifier-Key")
        found, query, status = self.table.find("custom", (key, value)), dict(call.query), 200
        if found:
            changed = self.update(call, found[0], body, query)
        elif call.headers.get("x-upsert", "").lower() == "true":
            changed = self.create(call, carrying(body, key, value), query)
            status = self.organization.code("upsert_created_status")
        else:
            code, wrong = (
                self.organization.code("upsert_no_match_code"),
                self.organization.code("absent_status"),
            )
            raise refuse(code, f"{self.label} does not exist.", wrong if code == 1002 else 400)
        return success(self.updated, status, **{self.one: self.view(changed, product_of(call))})

    def remove(self, call: Call) -> Reply:
        self.delete(call, call.params["id"])
        return success(self.deleted)

    def run_action(self, action: Action, message: str, status: int) -> Callable[[Call], Reply]:
        def handle(call: Call) -> Reply:
            record_id = call.params["id"]
            if record_id not in self.table:
                raise self.absent()
            action(call, record_id, {**dict(call.query), **read_body(call)})
            return success(message, status)

        return handle

    def custom_alone(self, call: Call) -> Reply:
        """PUT /invoice/{id}/customfields with an array body (sheet 2.2)."""
        record, given = self.need(call.params["id"]), call.json()
        if not isinstance(given, list):
            raise refuse(1038, "JSON is not well formed")
        self._custom(record, {"custom_fields": given})
        self.store(call, record)
        return success("Custom Fields Updated Successfully")

    def routes(self, product: "FinanceProduct") -> list[Route]:
        make = product.route
        routes = [
            make(self, "GET", self.path, self.page),
            make(self, "POST", self.path, self.post),
            make(self, "GET", self.path + "/{id}", self.read),
            make(self, "PUT", self.path + "/{id}", self.put),
            make(self, "DELETE", self.path + "/{id}", self.remove),
        ]
        if self.upsert and product.name == "books":
            routes.append(make(self, "PUT", self.path, self.put_unique))
        for path, (action, message, status) in self.actions().items():
            handler = self.run_action(action, message, status)
            routes.append(make(self, "POST", f"{self.path}/{{id}}/{path}", handler, "CREATE"))
        return routes

    def acts(self) -> dict[str, ActOperation]:
        return {
            "create": lambda act, _, fields: self.create(act, fields, self.act_query(fields)),
            "update": lambda act, each, fields: self.update(act, str(each), fields, self.act_query(fields)),
            "delete": self._act_delete,
            **self.act_extras(),
        }

    def act_query(self, fields: Record) -> Query:
        return {}

    def _act_delete(self, act: Act, record_id: str | None, fields: Record) -> str:
        self.delete(act, str(record_id))
        return str(record_id)

    def act_of(self, action: Action) -> ActOperation:
        def run(act: Act, record_id: str | None, fields: Record) -> str:
            return action(act, str(record_id), fields) or str(record_id)

        return run


def product_of(call: Call) -> str:
    return str(getattr(call.vendor, "name", "books"))
