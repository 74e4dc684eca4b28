"""Sandbox, Zoho Books: taxes and tax groups (sheet 2.9)."""

from decimal import Decimal
from typing import Any, ClassVar

from .answers import invalid, refuse
from .listing import Columns
from .resource import Query, Record, Resource
from .shape import Shape, flag, ident, number, one_of, text
from .totals import TaxPart, dec

__all__ = ["TaxGroups", "Taxes"]


def _percentage(name: str, value: Any) -> float:
    percent = number(name, value)
    if not 0 <= percent <= 100:
        raise invalid(name)
    return percent


def _words(name: str, value: Any) -> str:
    """Ids as a comma list or as an array."""
    return ",".join(map(str, value)) if isinstance(value, list) else text(None)(name, value)


class Taxes(Resource):
    name, path, id_key = "tax", "/settings/taxes", "tax_id"
    one, many, label, scope, report, sheet = "tax", "taxes", "Tax", "settings", "Taxes", "2.9"
    created = "The tax has been added."
    updated = "Tax information has been saved."
    deleted = "The record has been deleted."
    required = ("tax_name", "tax_percentage")
    upsert = False
    shape: ClassVar[Shape] = {
        "tax_name": text(100),
        "tax_percentage": _percentage,
        "tax_type": one_of("tax", "compound_tax"),
        "tax_authority_id": ident,
        "tax_authority_name": text(100),
        "tax_specific_type": text(50),
        "is_value_added": flag,
    }
    row = (
        "tax_id",
        "tax_name",
        "tax_percentage",
        "tax_type",
        "tax_specific_type",
        "tax_authority_id",
        "tax_authority_name",
        "is_value_added",
        "is_default_tax",
        "is_editable",
        "status",
        "last_modified_time",
    )
    columns = Columns(
        texts=("tax_name",),
        sorts=("tax_name",),
        default_sort="tax_name",
        default_order="A",
        search=("tax_name",),
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating and not self.organization.switch("taxes_enabled"):
            raise refuse(110817, "Sales tax is not enabled for your organization.")
        name = str(fields.get("tax_name", record.get("tax_name", "")))
        taken = [each for each in self.table.find("=tax_name", name.casefold()) if each != record["tax_id"]]
        if taken:
            raise refuse(1001, f'A tax with the name "{name}" already exists.')
        defaults = {
            "tax_type": "tax",
            "tax_specific_type": "",
            "tax_authority_id": "",
            "tax_authority_name": "",
            "is_value_added": False,
            "is_default_tax": False,
            "is_editable": True,
            "status": "Active",
        }
        for key, value in defaults.items():
            record.setdefault(key, value)
        record.update(fields)

    def _custom(self, record: Record, body: Record) -> None:
        """Taxes carry no custom fields."""

    def parts(self, tax_id: str, label: str = "Tax") -> tuple[str, str, Decimal, tuple[TaxPart, ...]]:
        """Name, type, percentage and components of a tax or of a tax group."""
        record = self.table.get(tax_id)
        if record is not None:
            return record["tax_name"], record["tax_type"], dec(record["tax_percentage"]), (_part(record),)
        group = self.finance.tax_groups.table.get(tax_id)
        if group is None:
            raise self.absent(label)
        members = (self.table.get(each["tax_id"]) for each in group["taxes"])
        parts = tuple(_part(each) for each in members if each is not None)
        return group["tax_group_name"], "tax_group", dec(group["tax_group_percentage"]), parts


def _part(record: Record) -> TaxPart:
    return TaxPart(
        record["tax_id"],
        record["tax_name"],
        dec(record["tax_percentage"]),
        record["tax_type"] == "compound_tax",
    )


class TaxGroups(Resource):
    name, path, id_key = "tax_group", "/settings/taxgroups", "tax_group_id"
    one, many, label, scope, report, sheet = (
        "tax_group",
        "tax_groups",
        "Tax Group",
        "settings",
        "Tax Groups",
        "2.9",
    )
    created = "Tax Group information has been saved."
    updated = "Tax group information has been saved."
    deleted = "The tax group has been deleted."
    required = ("tax_group_name", "taxes")
    upsert = False
    shape: ClassVar[Shape] = {"tax_group_name": text(100), "taxes": _words}
    row = ("tax_group_id", "tax_group_name", "tax_group_percentage", "taxes")
    columns = Columns(texts=("tax_group_name",), sorts=("tax_group_name",))

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        name = str(fields.get("tax_group_name", record.get("tax_group_name", "")))
        if any(each != record[self.id_key] for each in self.table.find("=tax_group_name", name.casefold())):
            raise refuse(1001, f'A tax group with the name "{name}" already exists.')
        record["tax_group_name"] = name
        if "taxes" in fields:
            members = [
                self.finance.taxes.need(each.strip()) for each in fields["taxes"].split(",") if each.strip()
            ]
            keys = ("tax_id", "tax_name", "tax_percentage", "tax_type")
            record["taxes"] = [{key: each[key] for key in keys} for each in members]
            record["tax_group_percentage"] = float(_combined([_part(each) for each in members]))

    def _custom(self, record: Record, body: Record) -> None:
        """Tax groups carry no custom fields."""


def _combined(parts: list[TaxPart]) -> Decimal:
    simple = sum((part.percent for part in parts if not part.compound), Decimal(0))
    compound = sum((part.percent for part in parts if part.compound), Decimal(0))
    return ((1 + simple / 100) * (1 + compound / 100) - 1) * 100
