"""The newer half of FreshBooks (projects, time tracking, services): bare filters, `meta`, errors by field.

Sheet 4, 5.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from ..call import Act, Call, Change, Reply, json_reply
from ..indexes import Index, Keyed, Ordered
from ..plugin import ObjectKind
from ..store import Equal, Filter, Range, Where
from .errors import business_refusal
from .listing import MAX_PER_PAGE, Paging
from .wire import decimal_of

if TYPE_CHECKING:
    from .vendor import FreshBooks

__all__ = [
    "GONE",
    "BusinessResource",
    "Check",
    "day_of",
    "decimal_text",
    "flag_of",
    "flagged",
    "moment_of",
    "number_of",
    "refuse_fields",
    "text_of",
]

Record = dict[str, Any]
Check = Callable[[Any], Any]  # the stored value, or ValueError with the vendor's words
GONE = "Requested resource could not be found."


def text_of(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise ValueError("str type expected")


def number_of(value: Any) -> int | None:
    if value is None:
        return None
    number = decimal_of(value)
    if number is None or number != number.to_integral_value() or abs(number) >= 2**63:
        raise ValueError("value is not a valid integer")
    return int(number)


def decimal_text(value: Any) -> str | None:
    if value is None:
        return None
    number = decimal_of(value)
    if number is None:
        raise ValueError("value is not a valid decimal")
    return f"{number:.2f}"


def flag_of(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "1"}:
        return True
    if str(value).lower() in {"false", "0"}:
        return False
    raise ValueError("value could not be parsed to a boolean")


def day_of(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return date.fromisoformat(value).isoformat()
    raise ValueError("invalid date format")


def moment_of(value: Any) -> float:
    """Seconds since 1970 of ISO text; without a zone it is UTC."""
    if value is None:
        raise ValueError("none is not an allowed value")
    if not isinstance(value, str) or len(value) < 10:
        raise ValueError("Input should be a valid datetime or date, input is too short")
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError as exc:
        raise ValueError("Input should be a valid datetime or date, invalid character") from exc
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def flagged(key: str, wanted: bool) -> Filter:
    return Where(lambda record: record[key] is wanted)


def refuse_fields(errors: Mapping[str, str]) -> None:
    if errors:
        raise business_refusal(422, dict(errors))


class BusinessResource(ABC):
    name = ""
    plural = ""
    scope = ""
    sheet = ""
    first_id = 1
    checks: Mapping[str, Check] = {}
    defaults: Mapping[str, Any] = {}

    def __init__(self, vendor: "FreshBooks") -> None:
        self.vendor = vendor
        self.world = vendor.world
        self.table = self.world.table(
            f"freshbooks.{self.name}", self.indexes(), id_of=lambda record: record["id"], order="listed"
        )
        self.kind = ObjectKind(self.name, self.table, self.view, self.is_deleted, self.acts())

    def indexes(self) -> list[Index]:
        return [
            Ordered("listed", self.order_key, where=lambda record: not self.is_deleted(record)),
            Ordered("all", self.order_key),
            Ordered("updated", lambda record: record["_updated"]),
            Keyed("client_id", lambda record: (record.get("client_id"),)),
            Keyed("project_id", lambda record: (record.get("project_id"),)),
        ]

    def order_key(self, record: Record) -> Any:
        return record["id"]

    def is_deleted(self, record: Record) -> bool:
        return False

    def view(self, record: Record) -> Record:
        """Without what only the sandbox knows."""
        return {key: value for key, value in record.items() if not key.startswith("_")}

    # -- lists

    def paging(self, call: Call) -> Paging:
        errors = {}
        values = {"page": 1, "per_page": 30}
        for key in values:
            raw = call.arg(key)
            if raw:
                if raw.isascii() and raw.isdigit() and len(raw) < 10:
                    values[key] = int(raw)
                else:
                    errors[key] = "Input should be a valid integer"
        refuse_fields(errors)
        return Paging(max(1, values["page"]), min(MAX_PER_PAGE, max(1, values["per_page"])))

    def bare(self, call: Call, name: str, check: Check) -> Any:
        """A bare filter; the bracket form of the other half is ignored here."""
        raw = call.arg(name)
        if raw is None or raw == "":
            return None
        try:
            return check(raw)
        except ValueError as exc:
            raise business_refusal(422, {name: str(exc)}) from exc

    def common_filters(self, call: Call) -> list[Filter]:
        filters: list[Filter] = []
        for name in ("client_id", "project_id"):
            wanted = self.bare(call, name, number_of)
            if wanted is not None:
                filters.append(Equal(name, wanted))
        since = self.bare(call, "updated_since", moment_of)
        if since is not None:
            filters.append(Range("updated", low=since))
        return filters

    def meta(self, paging: Paging, total: int) -> dict[str, Any]:
        return {
            "page": paging.page,
            "pages": paging.pages(total),
            "per_page": paging.per_page,
            "total": total,
        }

    def schema(self) -> dict[str, Any]:
        """JSON Schema of a request, for /openapi.json."""
        inner = {"type": "object", "properties": {key: {} for key in self.checks}}
        return {"type": "object", "properties": {self.name: inner}, "required": [self.name]}

    # -- changes

    def require(self, change: Change, record_id: Any) -> Record:
        record = self.table.get(str(record_id))
        if record is None:
            raise business_refusal(404, GONE)
        return record

    def body(self, call: Call) -> Record:
        given = call.json()
        wrapped = given.get(self.name) if isinstance(given, dict) else None
        return wrapped if isinstance(wrapped, dict) else {}

    def parse(self, body: Record) -> tuple[Record, dict[str, str]]:
        values: Record = {}
        errors: dict[str, str] = {}
        for key, check in self.checks.items():
            if key in body:
                try:
                    values[key] = check(body[key])
                except ValueError as exc:
                    errors[key] = str(exc)
        return values, errors

    def add(self, change: Change, record: Record) -> str:
        number = self.world.counters.next(f"freshbooks.{self.name}", self.first_id)
        record = {"id": number, **record, "_updated": self.world.clock.now()}
        change.create(self.kind, record)
        return str(number)

    def store(self, change: Change, record: Record, op: str = "update") -> None:
        record["_updated"] = self.world.clock.now()
        change.update(self.kind, record, op=op)

    def answer(self, record: Record, status: int = 200) -> Reply:
        return json_reply({self.name: self.view(record)}, status)

    def created(self, call: Call) -> Reply:
        status = int(self.world.switches.get("freshbooks.business_post_status"))
        return self.answer(self.require(call, self.create(call, self.body(call))), status)

    # -- what a person does

    @abstractmethod
    def create(self, change: Change, body: Record) -> str: ...

    @abstractmethod
    def update(self, change: Change, record: Record, body: Record) -> None: ...

    def remove(self, change: Change, record: Record) -> None:
        change.delete(self.kind, str(record["id"]))

    def acts(self) -> dict[str, Any]:
        return {"create": self._act_create, "update": self._act_update, "delete": self._act_delete}

    def _act_create(self, act: Act, record_id: str | None, fields: Record) -> str:
        return self.create(act, fields)

    def _act_update(self, act: Act, record_id: str | None, fields: Record) -> str:
        self.update(act, self.require(act, record_id), fields)
        return str(record_id)

    def _act_delete(self, act: Act, record_id: str | None, fields: Record) -> str:
        self.remove(act, self.require(act, record_id))
        return str(record_id)
