"""Sandbox, Zoho CRM: `/{module}/search` and `/actions/count`. The search index may lag (the `lag` fault)."""

from typing import TYPE_CHECKING

from ..call import Call, Reply, json_reply
from ..indexes import Record
from ..store import AnyOf, Filter, Like, Where
from .answers import empty, refuse
from .comparing import loose
from .criteria import parse_criteria
from .module import Module
from .paging import number_of
from .read_routes import wanted_fields

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["SearchRoutes"]

MOST_RESULTS = 2_000
TERMS = ("criteria", "email", "phone", "word")
SORTS = {"id": "id", "Created_Time": "created", "Modified_Time": "modified"}


class SearchRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def search(self, call: Call) -> Reply:
        module = self._crm.module(call)
        filters = self._filters(call, module)
        if filters is None:
            message = "One of the expected parameter is missing"
            raise refuse("EXPECTED_PARAM_MISSING", message, {"param_names": list(TERMS)})
        fields = wanted_fields(call)
        page, size = number_of(call, "page", 1), number_of(call, "per_page", 200, 200)
        if (page - 1) * size >= MOST_RESULTS:
            status = int(self._org.switch("search_limit_status"))
            raise refuse("LIMIT_REACHED", "limit reached", {"limit": MOST_RESULTS}, status)
        found = module.table.select(
            filters,
            order=_order(call, module),
            descending=call.arg("sort_order") != "asc",
            offset=(page - 1) * size,
            limit=size,
        )
        if not found.ids:
            return empty()
        rows = module.show_all(found.ids, fields)
        more = found.total > page * size
        return json_reply(
            {"data": rows, "info": {"per_page": size, "count": len(rows), "page": page, "more_records": more}}
        )

    def count(self, call: Call) -> Reply:
        module = self._crm.module(call)
        return json_reply({"count": module.table.select(self._filters(call, module) or (), limit=0).total})

    def _filters(self, call: Call, module: Module) -> list[Filter] | None:
        """Of several terms only the first in rank is used."""
        term = next((name for name in TERMS if call.arg(name)), None)
        if term is None:
            return None
        text = call.arg(term) or ""
        if term == "criteria":
            criteria = parse_criteria(module, text)
            return [*(Like("words", word) for word in criteria.words), Where(criteria.holds)]
        if term == "email":
            names = [each.api_name for each in module.fields.values() if each.data_type == "email"]
            return [AnyOf("value", [(name, text.strip().casefold()) for name in names])]
        if len(text.strip()) < (3 if term == "phone" else 2):
            raise refuse(
                "INVALID_DATA",
                "invalid data",
                {"param_name": term, "minimum_length": 3 if term == "phone" else 2},
            )
        if term == "word":
            return [Like("words", loose(text))]
        phones = [each.api_name for each in module.fields.values() if each.data_type == "phone"]
        wanted = loose(text)

        def rings(record: Record) -> bool:
            return any(wanted in loose(str(record.get(name) or "")) for name in phones)

        return [Like("words", wanted), Where(rings)]


def _order(call: Call, module: Module) -> str:
    if module.api_name == "Leads" and call.arg("converted") in ("true", "both"):
        return "all"
    return SORTS.get(call.arg("sort_by") or "id", "id")
