"""Zoho CRM: the modules we sync and the fields we ask for (a list call must name them, at most 50)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["MODULES", "REFERENCE_FIELD", "Module", "stamp"]

REFERENCE_FIELD = "Twinledger_Ref"
_WRITTEN_BACK = ("Twinledger_Invoice", "Twinledger_Payment_State")

_ADDRESS_OF_CONTACT = ("Street", "City", "State", "Zip", "Country")
_ADDRESS_OF_ACCOUNT = ("Street", "City", "State", "Code", "Country")


@dataclass(frozen=True, slots=True)
class Module:
    """One CRM module; `lookups` are the fields that point at other records, `own_fields` are custom
    texts beside the reference that we make, and write alone."""

    object: str
    name: str
    fields: tuple[str, ...]
    lookups: frozenset[str]
    own_fields: tuple[str, ...] = ()


MODULES: Mapping[str, Module] = {
    module.object: module
    for module in (
        Module(
            "zoho_crm.account",
            "Accounts",
            (
                *("id", REFERENCE_FIELD, "Account_Name", "Phone", "Website", "Description"),
                *("Account_Type", "Industry", "Parent_Account"),
                *(f"Billing_{part}" for part in _ADDRESS_OF_ACCOUNT),
                *(f"Shipping_{part}" for part in _ADDRESS_OF_ACCOUNT),
                *("Created_Time", "Modified_Time", "Modified_By"),
            ),
            frozenset({"Parent_Account", "Owner"}),
        ),
        Module(
            "zoho_crm.contact",
            "Contacts",
            (
                *("id", REFERENCE_FIELD, "First_Name", "Last_Name", "Account_Name", "Email"),
                *("Secondary_Email", "Phone", "Mobile", "Home_Phone", "Title", "Department"),
                *("Lead_Source", "Description"),
                *(f"Mailing_{part}" for part in _ADDRESS_OF_CONTACT),
                *(f"Other_{part}" for part in _ADDRESS_OF_CONTACT),
                *("Created_Time", "Modified_Time", "Modified_By"),
            ),
            frozenset({"Account_Name", "Vendor_Name", "Reporting_To", "Owner"}),
        ),
        Module(
            "zoho_crm.deal",
            "Deals",
            (
                *("id", REFERENCE_FIELD, *_WRITTEN_BACK, "Deal_Name", "Account_Name", "Contact_Name"),
                *("Amount", "Currency", "Stage", "Pipeline", "Probability", "Closing_Date", "Description"),
                *("Created_Time", "Modified_Time", "Modified_By"),
            ),
            frozenset({"Account_Name", "Contact_Name", "Campaign_Source", "Owner"}),
            _WRITTEN_BACK,
        ),
    )
}


def stamp(record: Mapping[str, Any], key: str = "Modified_Time") -> datetime | None:
    """A CRM time: ISO with the offset of the user's zone."""
    text = record.get(key)
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except ValueError:
        return None
