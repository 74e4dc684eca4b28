"""Sandbox, Zoho CRM: list, get one, deleted list. Nothing found is 204, nothing newer 304, no body."""

from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from ..indexes import Ordered
from .answers import empty, refuse
from .module import Module
from .paging import Place, number_of, page_and_size, place_of, token_for
from .times import parse_time
from .values import record_id

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["ReadRoutes", "modified_since", "wanted_fields"]

MOST_FIELDS = 50
MOST_ROWS = 100_000
BIN_DAYS_S = 60 * 86_400
SORTS = ("id", "Created_Time", "Modified_Time")


class ReadRoutes:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def listed(self, call: Call) -> Reply:
        module = self._crm.module(call)
        fields = wanted_fields(call, required=True)
        sort_by, sort_order = _sorting(call)
        page, size = page_and_size(call)
        place = place_of(call, self._org.world.clock.now())
        since = modified_since(call, self._org.facts.time_zone)
        if call.arg("ids"):
            return self._by_ids(call, module, fields)
        converted = call.arg("converted", "false")
        if converted not in ("false", "true", "both"):
            raise refuse("INVALID_DATA", "invalid data", {"param_name": "converted"})
        index = module.index_for(sort_by)
        if module.api_name == "Leads" and converted != "false":
            index = module.ordered("all")
        if place is not None and place.seen >= MOST_ROWS:
            raise refuse(
                "PAGINATION_LIMIT_EXCEEDED", "you have reached the pagination limit", {"limit": MOST_ROWS}
            )
        skip = 0 if place is not None else module.table.visibility.shifted((page - 1) * size)
        rows = _rows(module, index, since, converted, sort_order == "desc", place, skip, size + 1)
        if not rows:
            return empty(304 if since is not None and page == 1 and place is None else 204)
        info = self._info(call, rows, page, size, place, skip, index, sort_by, sort_order)
        return json_reply({"data": module.show_all(rows[:size], fields), "info": info})

    def _info(
        self,
        call: Call,
        rows: list[str],
        page: int,
        size: int,
        place: Place | None,
        skip: int,
        index: Ordered,
        sort_by: str,
        sort_order: str,
    ) -> dict[str, Any]:
        more, shown = len(rows) > size, rows[:size]
        token, expires = None, None
        seen = (place.seen if place is not None else skip) + len(shown)
        if more:
            last = shown[-1]
            after = Place(index.keys[last], int(last), seen)
            token, expires_at = token_for(call, after, self._org.world.clock.now())
            expires = self._org.shown(expires_at)
        return {
            "call": False,
            "per_page": size,
            "next_page_token": token,
            "count": len(shown),
            "sort_by": sort_by,
            "page": page if place is None else place.seen // size + 1,
            "previous_page_token": None,
            "page_token_expiry": expires,
            "sort_order": sort_order,
            "email": False,
            "more_records": more,
        }

    def _by_ids(self, call: Call, module: Module, fields: list[str] | None) -> Reply:
        ids = [each.strip() for each in (call.arg("ids") or "").split(",") if each.strip()]
        if len(ids) > 100:
            raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"limit": 100, "param_name": "ids"})
        rows = [row for row in map(module.living, dict.fromkeys(ids)) if row is not None]
        if not rows:
            return empty()
        info: dict[str, Any] = {
            "per_page": 200,
            "count": len(rows),
            "page": 1,
            "more_records": False,
            "next_page_token": None,
        }
        info |= {
            "sort_by": "id",
            "sort_order": "desc",
            "previous_page_token": None,
            "page_token_expiry": None,
        }
        return json_reply({"data": [module.show(row, fields) for row in rows], "info": info})

    def get(self, call: Call) -> Reply:
        module = self._crm.module(call)
        target = self._crm.addressed(call, module, call.params["id"])
        given = record_id(target)
        if given is None:
            details = {"resource_path_index": 1, "api_name": "id"}
            raise refuse("INVALID_DATA", "the id given seems to be invalid", details)
        record = module.living(given)
        if record is None:
            return empty()
        return json_reply({"data": [module.show(record, wanted_fields(call))]})

    def deleted(self, call: Call) -> Reply:
        module = self._crm.module(call)
        kind = call.arg("type", "all")
        if kind not in ("all", "recycle", "permanent"):
            details = {"param_name": "type", "supported_values": ["all", "recycle", "permanent"]}
            raise refuse("INVALID_DATA", "invalid data", details)
        page, size = number_of(call, "page", 1), number_of(call, "per_page", 200, 200)
        since = modified_since(call, self._org.facts.time_zone)
        bin_ = module.ordered("deleted")
        gone = bin_.between(*bin_.bounds(since, None, high_inclusive=False))
        rows = [self._deleted_row(module, each) for each in gone][::-1]
        rows = [row for row in rows if kind in ("all", row["type"])]
        shown = rows[(page - 1) * size : page * size]
        if not shown:
            return empty(304 if since is not None and page == 1 else 204)
        info = {"per_page": size, "count": len(shown), "page": page, "more_records": len(rows) > page * size}
        return json_reply({"data": shown, "info": info})

    def _deleted_row(self, module: Module, each: str) -> dict[str, Any]:
        record = module.table.get(each) or {}
        mark = record["_deleted"]
        gone = mark["for_good"] or self._org.now() - mark["at"] >= BIN_DAYS_S
        return {
            "deleted_by": None if gone else self._org.person(mark["by"], email=False),
            "id": each,
            "display_name": None if gone else module.display_name(record),
            "type": "permanent" if gone else "recycle",
            "created_by": None if gone else self._org.person(record["Created_By"], email=False),
            "deleted_time": self._org.shown(mark["at"]),
        }


def wanted_fields(call: Call, *, required: bool = False) -> list[str] | None:
    text = call.arg("fields")
    if not text:
        if required:
            message = "One of the expected parameter is missing"
            raise refuse("REQUIRED_PARAM_MISSING", message, {"param_name": "fields"})
        return None
    fields = [each.strip() for each in text.split(",") if each.strip()]
    if len(fields) > MOST_FIELDS:
        raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"limit": MOST_FIELDS, "param_name": "fields"})
    return fields


def modified_since(call: Call, zone: str) -> int | None:
    text = call.headers.get("if-modified-since")
    if not text:
        return None
    moment = parse_time(text.replace(" ", "+"), zone)
    if moment is None:
        details = {"header": "If-Modified-Since", "expected_data_type": "datetime"}
        raise refuse("INVALID_DATA", "invalid data", details)
    return moment


def _sorting(call: Call) -> tuple[str, str]:
    sort_by, sort_order = call.arg("sort_by") or "id", call.arg("sort_order") or "desc"
    if sort_by not in SORTS:
        raise refuse(
            "INVALID_DATA", "invalid data", {"param_name": "sort_by", "supported_values": list(SORTS)}
        )
    if sort_order not in ("asc", "desc"):
        raise refuse("INVALID_DATA", "invalid data", {"param_name": "sort_order"})
    if call.arg("cvid") and call.arg("sort_by"):
        raise refuse("AMBIGUITY_DURING_PROCESSING", "Ambiguity", {"param_names": ["cvid", "sort_by"]})
    return sort_by, sort_order


def _rows(
    module: Module,
    index: Ordered,
    since: int | None,
    converted: str,
    descending: bool,
    place: Place | None,
    skip: int,
    limit: int,
) -> list[str]:
    """The next ids of an index; a filter on Modified_Time runs along its own index where that is shorter."""
    rows: list[str] = []
    for each in module.walk(
        index, since, place, descending=descending, skip=skip if converted != "true" else 0
    ):
        if converted == "true":
            if not (module.table.get(each) or {}).get("Converted__s"):
                continue
            if skip:
                skip -= 1
                continue
        rows.append(each)
        if len(rows) == limit:
            break
    return rows
