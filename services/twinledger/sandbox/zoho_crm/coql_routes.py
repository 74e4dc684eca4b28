"""Sandbox, Zoho CRM: `POST /coql`. Reads what was written a moment ago: no index lag here."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..call import Call, Refused, Reply, json_reply
from ..indexes import Record
from ..plugin import Problem
from ..zoho_accounts import satisfies
from .answers import empty, refuse
from .coql_parser import Column, Query, parse
from .coql_run import path_of, run
from .module import Module
from .write_routes import given_body

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["CoqlRoutes"]


class CoqlRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def query(self, call: Call) -> Reply:
        text = given_body(call).get("select_query")
        if text is None:
            details = {"api_name": "select_query", "json_path": "$.select_query"}
            raise refuse("MANDATORY_NOT_FOUND", "required field not found", details)
        if not isinstance(text, str):
            raise refuse(
                "INVALID_DATA", "invalid data", {"api_name": "select_query", "expected_data_type": "text"}
            )
        query = parse(text, pairwise=bool(self._org.switch("coql_pairwise")))
        module = self._module(call, query.module)
        if query.where is None and self._org.switch("coql_where_mandatory"):
            raise refuse("SYNTAX_ERROR", "missing clause", {"clause": "where"})
        rows = self._grouped(module, query) if _aggregates(query) else self._plain(module, query)
        page = list(islice(rows, query.offset, query.offset + query.limit + 1))
        if not page:
            return empty()
        shown = page[: query.limit]
        body: dict[str, Any] = {
            "data": shown,
            "info": {"count": len(shown), "more_records": len(page) > query.limit},
        }
        if "fields" in (given_body(call).get("include_meta") or ()):
            body["fields"] = {
                each.name: path_of(module, each.name).field.described() for each in query.columns
            }
        return json_reply(body)

    def _module(self, call: Call, name: str) -> Module:
        module = self._org.modules.get(name)
        if module is None:
            raise refuse("INVALID_MODULE", "the module name given seems to be invalid", {"module": name})
        granted = call.grant.scopes if call.grant is not None else ()
        if not satisfies(granted, f"ZohoCRM.modules.{name}.READ"):
            raise Refused(self._crm.problem(call, Problem("scope", 401)))
        return module

    def _plain(self, module: Module, query: Query) -> Iterator[dict[str, Any]]:
        paths = [(each.shown_as, path_of(module, each.name)) for each in query.columns]
        for record in run(module, query):
            yield {"id": record["id"], **{name: path.shown(record) for name, path in paths}}

    def _grouped(self, module: Module, query: Query) -> Iterator[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Record]] = {}
        keys = [path_of(module, name) for name in query.groups]
        for column in query.columns:
            if column.aggregate is None and column.name not in query.groups:
                details = {"column_name": column.name, "reason": "column is not in group by"}
                raise refuse("INVALID_QUERY", "invalid query formed", details)
        plain = Query(query.columns, query.module, query.where, (), (), 0, query.limit)
        for record in run(module, plain):
            groups.setdefault(tuple(str(path.kept(record)) for path in keys), []).append(record)
        return (self._group_row(module, query, records) for records in groups.values())

    def _group_row(self, module: Module, query: Query, records: list[Record]) -> dict[str, Any]:
        return {each.shown_as: _aggregate(module, each, records) for each in query.columns}


def _aggregates(query: Query) -> bool:
    return bool(query.groups) or any(each.aggregate for each in query.columns)


def _aggregate(module: Module, column: Column, records: list[Record]) -> Any:
    path = path_of(module, column.name)
    if column.aggregate is None:
        return path.shown(records[0])
    values = [path.kept(record) for record in records]
    present = [value for value in values if value is not None]
    if column.aggregate == "count":
        return len(present)
    if not present:
        return None
    if column.aggregate in ("min", "max"):
        chosen = min(present) if column.aggregate == "min" else max(present)
        return path.shown(records[values.index(chosen)])
    if not all(isinstance(value, int | float) for value in present):
        details = {"column_name": column.name, "operator": column.aggregate, "reason": "not a number"}
        raise refuse("INVALID_QUERY", "invalid query formed", details)
    total = sum(present)
    return total if column.aggregate == "sum" else total / len(present)
