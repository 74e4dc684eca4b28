"""Sandbox, Zoho People: the employee form: its fields, what each may hold, how a record is shown (5.2)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["FIELDS", "FORM_NAMES", "STATUSES", "Field", "FormError", "checked", "day_text", "shown"]

FORM_NAMES = ("employee", "p_employee")
STATUSES = ("Active", "Terminated", "Deceased", "Resigned")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


class FormError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    kind: str  # Text, Email_ID, Date, Picklist, Lookup, Number
    mandatory: bool = False
    choices: tuple[str, ...] = ()
    lookup: str = ""
    limit: int = 255


FIELDS = {
    field.name: field
    for field in (
        Field("EmployeeID", "Employee ID", "Text", mandatory=True, limit=50),
        Field("FirstName", "First Name", "Text", mandatory=True, limit=100),
        Field("LastName", "Last Name", "Text", mandatory=True, limit=100),
        Field("EmailID", "Email address", "Email_ID", mandatory=True),
        Field("Nick_Name", "Nick Name", "Text", limit=100),
        Field("Mobile", "Personal Mobile Number", "Text", limit=50),
        Field("Work_phone", "Work Phone Number", "Text", limit=50),
        Field("Photo", "Photo", "Text"),
        Field("Date_of_birth", "Date of Birth", "Date"),
        Field("Gender", "Gender", "Picklist", choices=("Male", "Female", "Others")),
        Field("Marital_status", "Marital Status", "Picklist", choices=("Single", "Married")),
        Field("Address", "Present Address", "Text", limit=2000),
        Field("Dateofjoining", "Date of Joining", "Date"),
        Field("Dateofexit", "Date of Exit", "Date"),
        Field("Department", "Department", "Lookup", lookup="department"),
        Field("Designation", "Designation", "Lookup", lookup="designation"),
        Field("Role", "Zoho Role", "Lookup", lookup="role"),
        Field("LocationName", "Location", "Text"),
        Field("Reporting_To", "Reporting Manager", "Lookup", lookup="employee"),
        Field("Employeestatus", "Employee Status", "Picklist", choices=STATUSES),
        Field(
            "Employee_type",
            "Employment Type",
            "Picklist",
            choices=("Permanent", "On Contract", "Temporary", "Trainee"),
        ),
        Field("Source_of_hire", "Source of Hire", "Text"),
        Field("Tags", "Tags", "Text"),
        Field("Expertise", "Ask me about/Expertise", "Text", limit=2000),
    )
}


def day_text(value: Any) -> str:
    """The organization's date format: 05-Dec-2026."""
    for form in ("%d-%b-%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(str(value), form).replace(tzinfo=UTC).strftime("%d-%b-%Y")
        except ValueError:
            continue
    raise FormError(7054, f"Invalid date value: {value}")


def checked(field: Field, value: Any, lookup: Callable[[str, str], str | None]) -> dict[str, str]:
    """The stored texts of one field; a lookup stores the name and a twin with `.ID`."""
    plain = "" if value is None else str(value)
    if isinstance(value, dict) or len(plain) > field.limit:
        raise FormError(7034 if isinstance(value, dict) else 7057, f"Invalid value for {field.name}")
    if plain == "":
        return {field.name: ""} if field.kind != "Lookup" else {field.name: "", f"{field.name}.ID": ""}
    if field.kind == "Email_ID" and not EMAIL.match(plain):
        raise FormError(7053, f"Invalid email id: {plain}")
    if field.kind == "Date":
        return {field.name: day_text(plain)}
    if field.choices and plain not in field.choices:
        raise FormError(7061 if field.name == "Employeestatus" else 7016, f"Invalid value for {field.name}")
    if field.kind == "Lookup":
        name = lookup(field.lookup, plain)
        if name is None:
            raise FormError(7016, f"Invalid value for {field.name}")
        return {field.name: name, f"{field.name}.ID": plain}
    return {field.name: plain}


def shown(record: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """As the API shows it: texts, empty ones included; `Zoho_ID` is a bare number."""
    fields = {name: record.get(name, "") for name in FIELDS}
    lookups = {name: value for name, value in record.items() if "." in name}
    moment = datetime.fromtimestamp(record["created_at"], zone)
    return {
        **fields,
        **lookups,
        "AddedTime": moment.strftime("%d-%b-%Y %H:%M:%S"),
        "AddedBy": record["added_by"],
        "ModifiedBy": record["modified_by"],
        "CreatedTime": str(int(record["created_at"] * 1000)),
        "ModifiedTime": str(int(record["modified_at"] * 1000)),
        "ApprovalStatus": "Approved",
        "Zoho_ID": int(record["record_id"]),
    }
