"""FreshBooks items, taxes and tasks: what invoices are made of. Sheet 3.6, 3.7, 3.10."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..call import Call, Change
from ..indexes import Index, Keyed, Text
from ..store import Page
from .errors import Detail, accounting_refusal
from .fields import Field
from .listing import SearchKey, amounts, days, flag, like, number, text
from .resource import Record, Resource
from .wire import amount_of, decimal_of, money

__all__ = ["Items", "Tasks", "Taxes"]


class Items(Resource):
    name, plural, path, scope, sheet = "item", "items", "items/items", "billable_items", "3.6"
    id_keys = ("id", "itemid")
    first_id = 5_101
    required = ("name",)
    fields: Mapping[str, Field] = {
        "name": Field(max_length=255),
        "description": Field(),
        "qty": Field("number", "1"),
        "sku": Field(max_length=255),
        "inventory": Field("number", None),
        "unit_cost": Field("money", None),
        "tax1": Field("int", 0),
        "tax2": Field("int", 0),
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("sku", lambda record: (record["sku"],)),
            Text("description", lambda record: str(record["description"] or "")),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "sku": text("sku"),
            "description": like("description"),
            **days("updated", "updated"),
            **amounts("unit_cost", lambda record: amount_of(record["unit_cost"])),
            **amounts("inventory", lambda record: decimal_of(record["inventory"])),
            **amounts("qty", lambda record: decimal_of(record["qty"])),
        }

    def select(self, call: Call, offset: int, limit: int) -> Page:
        self._gate(call)
        return super().select(call, offset, limit)

    def _gate(self, change: Change) -> None:
        """An account without the feature is told so with HTTP 200."""
        if self.world.switches.on("freshbooks.items_gated"):
            raise accounting_refusal(change, 200, Detail(12001, "You do not have access to items."))

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        self._gate(change)
        details = []
        for key in ("tax1", "tax2"):
            tax = values.get(key)
            if tax and str(tax) not in self.vendor.taxes.table:
                details.append(Detail(1012, "Tax not found.", key, self.name, str(tax)))
        merged = {**(before or {}), **values}
        if merged.get("tax1") and merged.get("tax1") == merged.get("tax2"):
            details.append(Detail(1019, "An item may not have the same tax twice.", "tax2", self.name, None))
        return details

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record["accounting_systemid"] = self.vendor.account_id
        record["unit_cost"] = record["unit_cost"] or money(Decimal(0), self.vendor.currency)


class Taxes(Resource):
    name, plural, path, scope, sheet = "tax", "taxes", "taxes/taxes", "taxes", "3.7"
    id_keys = ("id", "taxid")
    first_id = 7_801
    required = ("name",)
    methods = ("list", "get", "create", "update", "delete")
    has_vis_state = False
    fields: Mapping[str, Field] = {
        "name": Field(max_length=50),
        "number": Field(default=None),
        "amount": Field("percent", "0"),
        "compound": Field("bool", False),
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("name", lambda record: (record["name"],)),
            Text("number", lambda record: str(record["number"] or "")),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "name": text("name"),
            "number": like("number"),
            "compound": flag(lambda record: bool(record["compound"])),
            **days("updated", "updated"),
        }

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        if not self.world.switches.on("freshbooks.unique_tax_name") or "name" not in values:
            return []
        others = [
            each for each in self.table.find("name", values["name"]) if each != str((before or {}).get("id"))
        ]
        return (
            [Detail(1026, "Tax name is already in use.", "name", self.name, values["name"])] if others else []
        )

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record["accounting_systemid"] = self.vendor.account_id


class Tasks(Resource):
    """Accounting's view of a service: creating one creates the other; deleting a task leaves the service."""

    name, plural, path, scope, sheet = "task", "tasks", "projects/tasks", "billable_items", "3.10"
    id_keys = ("id", "taskid")
    first_id = 61_001
    required = ("name",)
    event = False
    fields: Mapping[str, Field] = {
        "name": Field(),
        "description": Field(),
        "billable": Field("bool", True),
        "rate": Field("money", None),
        "tax1": Field("int", 0),
        "tax2": Field("int", 0),
    }

    def indexes(self) -> Sequence[Index]:
        return (Keyed("id_value", lambda record: (record["id"],)),)

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {"taskid": number("id_value")}

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record["rate"] = record["rate"] or money(Decimal(0), self.vendor.currency)
        record["tname"], record["tdesc"] = record["name"], record["description"]

    def applied(self, change: Change, before: Record | None, after: Record) -> None:
        if before is None:
            self.vendor.services.mirror(change, after["id"], after["name"], after["billable"])

    def mirror(self, change: Change, number_: int, name: str, billable: bool) -> None:
        """The task of a service that was created on the other side of the house."""
        if str(number_) in self.table:
            return
        record: dict[str, Any] = {key: field.default for key, field in self.fields.items()}
        record |= {"id": number_, "taskid": number_, "name": name, "billable": billable, "vis_state": 0}
        self.stamp(record, self.world.clock.now(), creating=True)
        self.complete(change, record, {}, None)
        change.create(self.kind, record)
