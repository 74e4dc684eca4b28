"""FreshBooks services and their rates; each has its task on the accounting side. Sheet 3.10."""

from collections.abc import Mapping
from decimal import Decimal

from ..call import Call, Change, Reply, json_reply
from ..plugin import Route
from .business_resource import (
    GONE,
    BusinessResource,
    Check,
    Record,
    decimal_text,
    flag_of,
    refuse_fields,
    text_of,
)
from .errors import business_refusal

__all__ = ["Services"]

HOST = "freshbooks.api"


class Services(BusinessResource):
    name, plural, scope, sheet = "service", "services", "billable_items", "3.10"
    first_id = 61_001
    checks: Mapping[str, Check] = {"name": text_of, "billable": flag_of}

    def routes(self) -> list[Route]:
        base = "/comments/business/{business_id}"
        body = self.schema()
        read, write = ("user:billable_items:read",), ("user:billable_items:write",)
        one, rate, kinds = base + "/service/{id}", base + "/service/{id}/rate", ("service",)
        return [
            Route("GET", base + "/services", self.list_page, HOST, "list", "3.10", read, kinds),
            Route("GET", one, self.get, HOST, "get", "3.10", read, kinds),
            Route("POST", base + "/service", self.post, HOST, "create", "3.10", write, kinds, body=body),
            Route("DELETE", one, self.delete, HOST, "delete", "3.10", write, kinds),
            Route("GET", base + "/service_rates", self.rates, HOST, "list rates", "3.10", read, kinds),
            Route("GET", rate, self.get_rate, HOST, "get rate", "3.10", read, kinds),
            Route("POST", rate, self.put_rate, HOST, "set rate", "3.10", write, kinds),
            Route("PUT", rate, self.put_rate, HOST, "set rate", "3.10", write, kinds),
        ]

    def is_deleted(self, record: Record) -> bool:
        return bool(record["vis_state"] == 1)

    def list_page(self, call: Call) -> Reply:
        paging = self.paging(call)
        page = self.table.select([], offset=paging.offset, limit=paging.per_page)
        rows = [self.view(record) for each in page.ids if (record := self.table.get(each))]
        return json_reply({self.plural: rows, "meta": self.meta(paging, page.total) | {"sort": []}})

    def get(self, call: Call) -> Reply:
        return self.answer(self.require(call, call.params["id"]))

    def post(self, call: Call) -> Reply:
        return self.created(call)

    def delete(self, call: Call) -> Reply:
        self.remove(call, self.require(call, call.params["id"]))
        return Reply(204)

    def rates(self, call: Call) -> Reply:
        records = [record for each in self.table if (record := self.table.get(each))]
        return json_reply(
            {"service_rates": [self._rate(each) for each in records if each["_rate"] is not None]}
        )

    def get_rate(self, call: Call) -> Reply:
        record = self.require(call, call.params["id"])
        if record["_rate"] is None:
            raise business_refusal(404, GONE)
        return json_reply({"service_rate": self._rate(record)})

    def put_rate(self, call: Call) -> Reply:
        record = self.require(call, call.params["id"])
        given = call.json()
        body = given.get("service_rate") if isinstance(given, dict) else None
        try:
            rate = decimal_text((body or {}).get("rate"))
        except (ValueError, AttributeError) as exc:
            raise business_refusal(422, {"rate": "value is not a valid decimal"}) from exc
        if rate is None:
            raise business_refusal(422, {"rate": "field required"})
        record["_rate"] = f"{Decimal(rate):.2f}"
        self.store(call, record)
        return json_reply({"service_rate": self._rate(record)})

    def _rate(self, record: Record) -> Record:
        return {"business_id": record["business_id"], "service_id": record["id"], "rate": record["_rate"]}

    def create(self, change: Change, body: Record) -> str:
        values, errors = self.parse(body)
        if not body.get("name"):
            errors["name"] = "field required"
        refuse_fields(errors)
        record_id = str(self.world.counters.next("freshbooks.task", self.first_id))
        self.mirror(change, int(record_id), values["name"], values.get("billable", True))
        self.vendor.tasks.mirror(change, int(record_id), values["name"], values.get("billable", True))
        return record_id

    def update(self, change: Change, record: Record, body: Record) -> None:
        values, errors = self.parse(body)
        refuse_fields(errors)
        self.store(change, record | values)

    def remove(self, change: Change, record: Record) -> None:
        record["vis_state"] = 1
        self.store(change, record, op="delete")

    def mirror(self, change: Change, number: int, name: str, billable: bool) -> None:
        """The service of a task: same number, made once."""
        if str(number) not in self.table:
            record = {
                "id": number,
                "business_id": self.vendor.business_id,
                "name": name,
                "billable": billable,
            }
            change.create(
                self.kind, {**record, "vis_state": 0, "_rate": None, "_updated": self.world.clock.now()}
            )

    def of_project(self, project: Record) -> list[Record]:
        found = (self.table.get(str(each)) for each in project.get("service_ids", []))
        return [each for each in found if each is not None]
