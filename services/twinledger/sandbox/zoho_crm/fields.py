"""Sandbox, Zoho CRM: what a field is, and how `settings/fields` describes it."""

from dataclasses import dataclass, replace
from typing import Any

__all__ = ["JSON_TYPES", "Field", "f"]

JSON_TYPES = {
    "text": "string",
    "textarea": "string",
    "email": "string",
    "phone": "string",
    "website": "string",
    "picklist": "string",
    "multiselectpicklist": "jsonarray",
    "date": "string",
    "datetime": "string",
    "integer": "integer",
    "bigint": "string",
    "autonumber": "string",
    "currency": "double",
    "double": "double",
    "percent": "double",
    "boolean": "boolean",
    "lookup": "jsonobject",
    "ownerlookup": "jsonobject",
    "profileimage": "string",
    "formula": "string",
}
LENGTHS = {
    "text": 255,
    "textarea": 32_000,
    "email": 100,
    "phone": 30,
    "website": 255,
    "picklist": 120,
    "multiselectpicklist": 2_000,
    "date": 20,
    "datetime": 120,
    "integer": 9,
    "bigint": 18,
    "currency": 16,
    "double": 16,
    "percent": 5,
    "boolean": 5,
    "lookup": 120,
    "ownerlookup": 120,
}


@dataclass(frozen=True, slots=True)
class Field:
    """`mandatory` holds for every call, `layout_mandatory` only where the call names a layout."""

    api_name: str
    label: str
    data_type: str
    length: int = 0
    mandatory: bool = False
    layout_mandatory: bool = False
    read_only: bool = False
    hidden: bool = False  # kept for the vendor's own use, not among the fields of a record
    lookup: str | None = None
    choices: tuple[str, ...] = ()
    places: int = 2
    custom: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external: str | None = None  # org | user
    id: str = ""

    def described(self) -> dict[str, Any]:
        writes = not self.read_only
        return {
            "system_mandatory": self.mandatory,
            "webhook": True,
            "private": None,
            "api_name": self.api_name,
            "field_label": self.label,
            "display_label": self.label,
            "data_type": self.data_type,
            "json_type": JSON_TYPES[self.data_type],
            "length": self.length or LENGTHS.get(self.data_type, 120),
            "decimal_place": self.places if self.data_type in ("currency", "double", "percent") else None,
            "required": self.mandatory or self.layout_mandatory,
            "read_only": self.read_only,
            "field_read_only": self.read_only,
            "custom_field": self.custom,
            "visible": not self.hidden,
            "id": self.id,
            "type": "used",
            "ui_type": 1,
            "created_source": "user" if self.custom else "default",
            "display_type": -1,
            "pick_list_values": [_choice(self, number, text) for number, text in enumerate(self.choices, 1)],
            "lookup": _lookup(self),
            "unique": {"case_sensitive": self.case_sensitive} if self.unique else {},
            "external": {"show": True, "type": self.external} if self.external else None,
            "operation_type": {
                "web_create": writes,
                "web_update": writes,
                "api_create": writes,
                "api_update": writes,
            },
            "view_type": {"view": True, "edit": writes, "create": writes, "quick_create": self.mandatory},
            "currency": _currency(self),
            "auto_number": {},
            "formula": {},
            "multiselectlookup": {},
            "multiuserlookup": {},
            "subform": None,
            "history_tracking": None,
            "default_value": None,
            "searchable": True,
            "sortable": self.data_type not in ("textarea", "multiselectpicklist"),
            "filterable": True,
            "mass_update": writes,
            "quick_sequence_number": None,
            "crypt": None,
            **dict.fromkeys(("created_time", "modified_time")),
        }

    def numbered(self, field_id: str) -> "Field":
        return replace(self, id=field_id)


def f(api_name: str, data_type: str, length: int = 0, label: str = "", **more: Any) -> Field:
    return Field(api_name, label or api_name.replace("_", " "), data_type, length, **more)


def _choice(field: Field, number: int, text: str) -> dict[str, Any]:
    return {
        "display_value": text,
        "actual_value": text,
        "reference_value": text,
        "sequence_number": number,
        "colour_code": None,
        "type": "used",
        "id": f"{field.id}{number:02d}"[-19:],
    }


def _lookup(field: Field) -> dict[str, Any]:
    if field.lookup is None:
        return {}
    return {
        "display_label": field.label,
        "api_name": field.api_name,
        "module": {"api_name": field.lookup, "id": "", "module": field.lookup},
        "id": field.id,
    }


def _currency(field: Field) -> dict[str, Any]:
    return {"rounding_option": "normal", "precision": field.places} if field.data_type == "currency" else {}
