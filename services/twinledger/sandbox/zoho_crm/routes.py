"""Sandbox, Zoho CRM: every path it answers, with scope, cost and sheet section."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply
from ..plugin import Route
from .convert import Convert
from .coql_routes import CoqlRoutes
from .costs import always_heavy, coql_cost, heavy_list, heavy_write, records_cost
from .field_routes import FieldRoutes
from .note_routes import NoteRoutes
from .org_routes import OrgRoutes
from .read_routes import ReadRoutes
from .search_routes import SearchRoutes
from .watch_routes import WatchRoutes
from .write_routes import WriteRoutes

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["RECORD_MODULES", "all_routes"]

RECORD_MODULES = ("Leads", "Contacts", "Accounts", "Deals")
BASE = "/crm/v8"
SEARCH_SCOPE = "ZohoSearch.securesearch.READ"
PAGED = ("page", "per_page")
Handler = Callable[[Call], Reply]


class _Paths:
    """Collects routes of one host."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.routes: list[Route] = []

    def add(
        self,
        method: str,
        path: str,
        handler: Handler,
        scopes: tuple[str, ...],
        section: str,
        *,
        cost: int | Callable[[Call], int] = 1,
        query: tuple[str, ...] = (),
        objects: tuple[str, ...] = (),
        heavy: Callable[[Call], bool] | None = None,
    ) -> None:
        self.routes.append(
            Route(
                method,
                f"{BASE}{path}",
                handler,
                self._host,
                summary=f"{method} {path}",
                sheet=f"zoho-crm.md {section}",
                scopes=scopes,
                cost=cost,
                heavy=heavy,
                query=query,
                objects=objects,
            )
        )


def all_routes(crm: "ZohoCrm") -> list[Route]:
    paths = _Paths(f"zoho.{crm.site}.api")
    for name in (*RECORD_MODULES, "Notes", "{module}"):
        _record_paths(paths, crm, name)
    _find_paths(paths, crm)
    _watch_paths(paths, crm)
    _settings_paths(paths, crm)
    notes = NoteRoutes(crm)
    for name in RECORD_MODULES:
        scope, path = _module_scope("Notes"), f"/{name}/{{id}}/Notes"
        paths.add(
            "GET", path, notes.listed, scope("READ"), "4.14", query=("fields", *PAGED), objects=("note",)
        )
        paths.add(
            "POST",
            path,
            notes.insert,
            scope("CREATE"),
            "4.14",
            cost=records_cost,
            heavy=heavy_write,
            objects=("note",),
        )
    return paths.routes


def _module_scope(name: str) -> Callable[..., tuple[str, ...]]:
    group = "{module}" if name.startswith("{") else name.lower()

    def scopes(operation: str, *also: str) -> tuple[str, ...]:
        one = f"ZohoCRM.modules.{group}.{operation}"
        return ("ZohoCRM.modules.ALL",) if group == "{module}" else ("+".join((one, *also)),)

    return scopes


def _record_paths(paths: _Paths, crm: "ZohoCrm", name: str) -> None:
    read, write, search = ReadRoutes(crm), WriteRoutes(crm), SearchRoutes(crm)
    scope = _module_scope(name)
    objects = () if name.startswith("{") else (name.lower().rstrip("s"),)

    def add(
        method: str, tail: str, handler: Handler, scopes: tuple[str, ...], section: str, **more: Any
    ) -> None:
        paths.add(method, f"/{name}{tail}", handler, scopes, section, objects=objects, **more)

    listing = ("fields", "ids", "page_token", "sort_by", "sort_order", "converted", *PAGED)
    finding = ("criteria", "email", "phone", "word")
    add("GET", "", read.listed, scope("READ"), "4.1", query=listing, heavy=heavy_list)
    add("POST", "", write.insert, scope("CREATE"), "4.3", cost=records_cost, heavy=heavy_write)
    add("PUT", "", write.update_many, scope("UPDATE"), "4.4", cost=records_cost, heavy=heavy_write)
    add("DELETE", "", write.delete_many, scope("DELETE"), "4.6", query=("ids", "wf_trigger"))
    add(
        "POST",
        "/upsert",
        write.upsert,
        scope("CREATE", f"ZohoCRM.modules.{name}.UPDATE"),
        "4.5",
        cost=records_cost,
        heavy=heavy_write,
    )
    add("GET", "/deleted", read.deleted, scope("READ"), "4.7", query=("type", *PAGED))
    add(
        "GET",
        "/search",
        search.search,
        scope("READ", SEARCH_SCOPE),
        "4.8",
        query=(*finding, "fields", *PAGED),
    )
    add("GET", "/actions/count", search.count, scope("READ", SEARCH_SCOPE), "4.15", query=finding)
    add("GET", "/{id}", read.get, scope("READ"), "4.2", query=("fields",))
    add("PUT", "/{id}", write.update_one, scope("UPDATE"), "4.4", cost=records_cost, heavy=heavy_write)
    add("DELETE", "/{id}", write.delete_one, scope("DELETE"), "4.6", query=("wf_trigger",))
    if name == "Leads":
        add(
            "POST",
            "/{id}/actions/convert",
            Convert(crm).convert,
            scope("UPDATE"),
            "4.13",
            cost=5,
            heavy=always_heavy,
        )


def _find_paths(paths: _Paths, crm: "ZohoCrm") -> None:
    paths.add(
        "POST",
        "/coql",
        CoqlRoutes(crm).query,
        ("ZohoCRM.coql.READ",),
        "4.9",
        cost=coql_cost,
        heavy=always_heavy,
    )


def _watch_paths(paths: _Paths, crm: "ZohoCrm") -> None:
    watch, path, scope = WatchRoutes(crm), "/actions/watch", "ZohoCRM.notifications."
    paths.add("POST", path, watch.subscribe, (f"{scope}CREATE",), "7.1")
    paths.add("PUT", path, watch.replace, (f"{scope}UPDATE",), "7.1")
    paths.add("PATCH", path, watch.patch, (f"{scope}UPDATE",), "7.1")
    paths.add("GET", path, watch.listed, (f"{scope}READ",), "7.1", query=("channel_id", "module", *PAGED))
    paths.add("DELETE", path, watch.unsubscribe, (f"{scope}DELETE",), "7.1", query=("channel_ids",))


def _settings_paths(paths: _Paths, crm: "ZohoCrm") -> None:
    fields, org = FieldRoutes(crm), OrgRoutes(crm)

    def add(method: str, path: str, handler: Handler, right: str, *query: str) -> None:
        section = "10" if path.endswith("related_lists") else "4.15"
        scope = f"ZohoCRM.settings.{right}" if path.startswith("/settings/") else f"ZohoCRM.{right}"
        paths.add(method, path, handler, (scope,), section, query=query)

    one = "/settings/fields/{id}"
    add("GET", "/settings/fields", fields.listed, "fields.READ", "module", "type")
    add("GET", one, fields.get, "fields.READ", "module")
    add("POST", "/settings/fields", fields.create, "fields.CREATE", "module")
    add("PATCH", one, fields.patch, "fields.UPDATE", "module")
    add("DELETE", one, fields.remove, "fields.DELETE", "module")
    add("GET", "/settings/modules", org.modules, "modules.READ")
    add("GET", "/settings/modules/{name}", org.module, "modules.READ")
    add("GET", "/settings/layouts", org.layouts, "layouts.READ", "module")
    add("GET", "/settings/pipeline", org.pipeline, "pipeline.READ", "layout_id")
    add("GET", "/settings/related_lists", org.related_lists, "related_lists.READ", "module")
    add("GET", "/users", org.users, "users.READ", "type", *PAGED)
    add("GET", "/users/{id}", org.user, "users.READ")
    add("GET", "/org", org.org, "org.READ")
    add("GET", "/__apis", org.apis, "apis.READ", "filters")
