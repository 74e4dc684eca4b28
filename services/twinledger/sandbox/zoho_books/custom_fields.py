"""Sandbox, Zoho finance: custom fields, their definitions and the unique ones (sheet 2.2).

A person makes them in the settings (`POST /act`, object `custom_field`); one is there at once.
"""

from collections.abc import Mapping
from typing import Any

from ..call import Act
from ..indexes import Keyed, Ordered
from ..plugin import ObjectKind
from ..store import Table
from .answers import invalid, refuse
from .organization import Organization

__all__ = ["CustomFields", "carrying", "custom_keys"]

ENTITIES = (
    "contact",
    "item",
    "invoice",
    "sales_order",
    "customer_payment",
    "purchase_order",
    "bill",
    "vendor_payment",
    "expense",
    "credit_note",
    "project",
)
Record = dict[str, Any]


def custom_keys(record: Record) -> list[tuple[str, str]]:
    """Values of all custom fields, for the index behind upserts and filters."""
    return [(each["api_name"], str(each["value"])) for each in record.get("custom_fields", ())]


class CustomFields:
    def __init__(self, organization: Organization) -> None:
        self._organization = organization
        self.table = organization.world.table(
            f"zoho.{organization.site}.finance.custom_field",
            [Ordered("id", lambda record: record["customfield_id"]), Keyed("key", _names)],
            id_of=lambda record: record["customfield_id"],
            order="id",
        )
        self.kind = ObjectKind(
            "custom_field", self.table, lambda record: record, acts={"create": self._create}
        )

    def seed(self) -> None:
        if self._organization.switch("twinledger_field"):
            for entity in ENTITIES:
                self.table.put(self._definition(entity, "Twinledger Ref", "cf_twinledger_ref", "text", True))
            for label in ("Twinledger Invoice", "Twinledger Payment State"):
                api_name = "cf_" + label.lower().replace(" ", "_")
                self.table.put(self._definition("sales_order", label, api_name, "text", False))

    def _create(self, act: Act, _: str | None, fields: dict[str, Any]) -> str:
        entity, label = str(fields.get("entity", "")), str(fields.get("label", ""))
        if entity not in ENTITIES or not label:
            raise invalid("entity" if label else "label")
        api_name = str(fields.get("api_name") or "cf_" + label.lower().replace(" ", "_"))
        unique = fields.get("is_unique") is True
        kind = str(fields.get("data_type") or "text")
        return act.create(self.kind, self._definition(entity, label, api_name, kind, unique), quiet=True)

    def _definition(self, entity: str, label: str, api_name: str, kind: str, unique: bool) -> Record:
        return {
            "customfield_id": self._organization.new_id(),
            "entity": entity,
            "index": self.table.count("key", (entity, "", "")) + 1,
            "label": label,
            "api_name": api_name,
            "data_type": kind,
            "is_unique": unique,
        }

    def find(self, entity: str, given: Mapping[str, Any]) -> Record | None:
        """By customfield_id, api_name, label or index, whatever the client names."""
        for name in ("customfield_id", "api_name", "label", "index"):
            if given.get(name) not in (None, ""):
                found = self.table.find("key", (entity, name, str(given[name])))
                if found:
                    return self.table.get(found[0])
        return None

    def unique_name(self, entity: str, api_name: str) -> bool:
        found = self.find(entity, {"api_name": api_name})
        return found is not None and bool(found["is_unique"])

    def apply(self, record: Record, entity: str, given: list[dict[str, Any]], table: Table) -> None:
        """Fields that are not named keep their value; an empty value clears."""
        held = {each["api_name"]: each for each in record.get("custom_fields", ())}
        for each in given:
            definition = self.find(entity, each)
            if definition is None or isinstance(each.get("value"), dict):
                raise invalid("custom_fields")
            value = each.get("value")
            if value in (None, ""):
                held.pop(definition["api_name"], None)
                continue
            if definition["is_unique"]:
                self._refuse_taken(record, definition, value, table)
            held[definition["api_name"]] = _valued(definition, value)
        record["custom_fields"] = list(held.values())
        record["custom_field_hash"] = _hash(record["custom_fields"])

    def _refuse_taken(self, record: Record, definition: Record, value: Any, table: Table) -> None:
        own = table.id_of(record)
        if any(each != own for each in table.find("custom", (definition["api_name"], str(value)))):
            code = self._organization.code("duplicate_field_code")
            raise refuse(code, f'A record with this "{definition["label"]}" already exists.')


def _names(record: Record) -> list[tuple[str, str, str]]:
    entity = record["entity"]
    named = [(entity, name, str(record[name])) for name in ("customfield_id", "api_name", "label", "index")]
    return [*named, (entity, "", "")]


def _valued(definition: Record, value: Any) -> Record:
    facts = {name: definition[name] for name in ("customfield_id", "index", "label", "api_name", "data_type")}
    return {**facts, "value": value, "value_formatted": str(value)}


def _hash(fields: list[Record]) -> Record:
    flat: Record = {}
    for each in fields:
        flat[each["api_name"]] = each["value_formatted"]
        flat[each["api_name"] + "_unformatted"] = each["value"]
    return flat


def carrying(body: Record, key: str, value: str) -> Record:
    """A record created by an upsert holds the value it was asked by, even if the body left it out."""
    given = [each for each in body.get("custom_fields") or () if isinstance(each, dict)]
    if any(each.get("api_name") == key for each in given):
        return body
    return {**body, "custom_fields": [*given, {"api_name": key, "value": value}]}
