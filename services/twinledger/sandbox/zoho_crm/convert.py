"""Sandbox, Zoho CRM: a lead becomes an account, a contact and, if wanted, a deal. Once only."""

from typing import TYPE_CHECKING, Any

from ..call import Call, Change, Reply, json_reply
from ..indexes import Record
from .answers import ItemError, refuse
from .module import Module
from .record_rules import clean_record
from .values import record_id
from .write_routes import given_records
from .writer import Writer

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["Convert"]

SAME = (
    "Salutation", "First_Name", "Last_Name", "Email", "Secondary_Email", "Phone", "Mobile",
    "Fax", "Lead_Source", "Description", "Email_Opt_Out", "Skype_ID", "Twitter",
)  # fmt: skip
ADDRESS = {"Street": "Street", "City": "City", "State": "State", "Country": "Country"}
TO_ACCOUNT = {
    "Company": "Account_Name",
    "Phone": "Phone",
    "Fax": "Fax",
    "Website": "Website",
    "Industry": "Industry",
    "Rating": "Rating",
    "Annual_Revenue": "Annual_Revenue",
    "No_of_Employees": "Employees",
    "Zip_Code": "Billing_Code",
    **{name: f"Billing_{name}" for name in ADDRESS},
}
TO_CONTACT = {
    **{name: name for name in SAME},
    "Designation": "Title",
    "Zip_Code": "Mailing_Zip",
    **{name: f"Mailing_{name}" for name in ADDRESS},
}


class Convert:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org

    def convert(self, call: Call) -> Reply:
        lead = self._lead(call.params["id"])
        options = given_records(call, 1)[0]
        if not isinstance(options, dict):
            raise refuse("INVALID_DATA", "invalid data", {"expected_data_type": "jsonobject"})
        try:
            details = self.apply(call, lead, options)
        except ItemError as fault:
            raise fault.flat() from fault
        row = {
            "code": "SUCCESS",
            "details": details,
            "message": "The record has been converted successfully",
            "status": "success",
        }
        return json_reply({"data": [row]})

    def _lead(self, target: str) -> Record:
        leads = self._org.modules["Leads"]
        given = record_id(target)
        lead = leads.living(given) if given is not None else None
        if lead is None:
            raise refuse("INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1})
        return lead

    def apply(self, change: Change, lead: Record, options: dict[str, Any]) -> dict[str, Any]:
        """Everything is checked before the first record is made."""
        if lead.get("Converted__s"):
            raise ItemError("ID_ALREADY_CONVERTED", "id already converted", {"id": lead["id"]})
        modules = self._org.modules
        account = self._existing(modules["Accounts"], options)
        contact = self._existing(modules["Contacts"], options)
        deal_given = options.get("Deals")
        deal = None
        if isinstance(deal_given, dict):
            deal = clean_record(modules["Deals"], deal_given, "$.data[0].Deals", None)
        owner = record_id((options.get("assign_to") or {}).get("id")) or lead["Owner"]
        writer = Writer(self._crm, change, modules["Leads"])
        if account is None and lead.get("Company"):
            account = writer.add({**_mapped(lead, TO_ACCOUNT), "Owner": owner}, modules["Accounts"])
        link = {"Account_Name": account["id"]} if account is not None else {}
        if contact is None:
            contact = writer.add({**_mapped(lead, TO_CONTACT), **link, "Owner": owner}, modules["Contacts"])
        made_deal = None
        if deal is not None:
            made_deal = writer.add(
                {**link, "Contact_Name": contact["id"], "Owner": owner, **deal}, modules["Deals"]
            )
        self._close(writer, lead, account, contact, made_deal)
        writer.finish()
        return {
            "Contacts": _named(modules["Contacts"], contact),
            "Accounts": _named(modules["Accounts"], account),
            "Deals": _named(modules["Deals"], made_deal),
        }

    def _existing(self, module: Module, options: dict[str, Any]) -> Record | None:
        given = options.get(module.api_name)
        if not isinstance(given, dict) or given.get("id") is None:
            return None
        found = module.living(record_id(given["id"]) or "")
        if found is None:
            details = {"api_name": module.api_name, "json_path": f"$.data[0].{module.api_name}.id"}
            raise ItemError("INVALID_DATA", "the id given seems to be invalid", details)
        return found

    def _close(
        self, writer: Writer, lead: Record, account: Record | None, contact: Record, deal: Record | None
    ) -> None:
        values: Record = {
            "Converted__s": True,
            "Converted_Date_Time": self._org.now(),
            "Converted_Contact": contact["id"],
        }
        if account is not None:
            values["Converted_Account"] = account["id"]
        if deal is not None:
            values["Converted_Deal"] = deal["id"]
        writer.change(lead, values)


def _mapped(lead: Record, names: dict[str, str]) -> Record:
    return {target: lead[source] for source, target in names.items() if lead.get(source) is not None}


def _named(module: Module, record: Record | None) -> dict[str, str] | None:
    return None if record is None else {"name": module.display_name(record), "id": record["id"]}
