"""Sandbox, Zoho CRM: the fields of the stock modules, as a fresh organization has them (sheet section 3)."""

from .fields import Field, f

__all__ = ["PIPELINE", "STAGES", "SYSTEM", "TABLES"]

# actual value -> probability, forecast type
STAGES = {
    "Qualification": (10, "Open"),
    "Needs Analysis": (20, "Open"),
    "Value Proposition": (40, "Open"),
    "Id. Decision Makers": (60, "Open"),
    "Proposal/Price Quote": (75, "Open"),
    "Negotiation/Review": (90, "Open"),
    "Closed Won": (100, "Closed Won"),
    "Closed Lost": (0, "Closed Lost"),
    "Closed Lost to Competition": (0, "Closed Lost"),
}
PIPELINE = "Standard (Standard)"
SOURCES = (
    "-None-", "Advertisement", "Cold Call", "Employee Referral", "External Referral", "Online Store",
    "Partner", "Public Relations", "Sales Email Alias", "Seminar Partner", "Internal Seminar",
    "Trade Show", "Web Download", "Web Research", "Chat",
)  # fmt: skip
INDUSTRIES = (
    "-None-", "ASP (Application Service Provider)", "Data/Telecom OEM",
    "ERP (Enterprise Resource Planning)", "Government/Military", "Large Enterprise", "ManagementISV",
    "MSP (Management Service Provider)", "Network Equipment Enterprise", "Non-management ISV",
    "Optical Networking", "Service Provider", "Small/Medium Enterprise", "Storage Equipment",
    "Storage Service Provider", "Systems Integrator", "Wireless Industry", "ERP", "Management ISV",
)  # fmt: skip
RATINGS = ("-None-", "Acquired", "Active", "Market Failed", "Project Cancelled", "Shut Down")
SALUTATIONS = ("-None-", "Mr.", "Mrs.", "Ms.", "Dr.", "Prof.")
LEAD_STATUSES = (
    "-None-", "Attempted to Contact", "Contact in Future", "Contacted", "Junk Lead", "Lost Lead",
    "Not Contacted", "Pre-Qualified", "Not Qualified",
)  # fmt: skip
ACCOUNT_TYPES = (
    "-None-", "Analyst", "Competitor", "Customer", "Distributor", "Integrator", "Investor", "Other",
    "Partner", "Press", "Prospect", "Reseller", "Supplier", "Vendor",
)  # fmt: skip
OWNERSHIPS = (
    "-None-",
    "Other",
    "Private",
    "Public",
    "Subsidiary",
    "Partnership",
    "Government",
    "Privately Held",
)

SYSTEM = (
    f("Owner", "ownerlookup", 120),
    f("Created_By", "ownerlookup", 120, read_only=True),
    f("Modified_By", "ownerlookup", 120, read_only=True),
    f("Created_Time", "datetime", read_only=True),
    f("Modified_Time", "datetime", read_only=True),
    f("Last_Activity_Time", "datetime", read_only=True),
)


def _address(prefix: str, code: str) -> tuple[Field, ...]:
    return (
        f(f"{prefix}Street", "text", 250),
        f(f"{prefix}City", "text", 100),
        f(f"{prefix}State", "text", 100),
        f(f"{prefix}{code}", "text", 30),
        f(f"{prefix}Country", "text", 100),
    )


LEADS = (
    f("Salutation", "picklist", choices=SALUTATIONS),
    f("First_Name", "text", 40),
    f("Last_Name", "text", 80, mandatory=True),
    f("Full_Name", "text", 120, read_only=True),
    f("Company", "text", 200, layout_mandatory=True),
    f("Designation", "text", 100, "Title"),
    f("Email", "email", 100),
    f("Secondary_Email", "email", 100),
    f("Phone", "phone", 30),
    f("Mobile", "phone", 30),
    f("Fax", "text", 30),
    f("Website", "website", 255),
    f("Lead_Source", "picklist", choices=SOURCES),
    f("Lead_Status", "picklist", choices=LEAD_STATUSES),
    *_address("", "Zip_Code"),
    f("Description", "textarea"),
    f("Email_Opt_Out", "boolean"),
    f("Skype_ID", "text", 50),
    f("Twitter", "text", 50),
    f("Annual_Revenue", "currency"),
    f("No_of_Employees", "integer"),
    f("Industry", "picklist", choices=INDUSTRIES),
    f("Rating", "picklist", choices=RATINGS),
    f("Converted__s", "boolean", label="Is Converted", read_only=True),
    f("Converted_Date_Time", "datetime", read_only=True),
    f("Converted_Account", "lookup", lookup="Accounts", read_only=True),
    f("Converted_Contact", "lookup", lookup="Contacts", read_only=True),
    f("Converted_Deal", "lookup", lookup="Deals", read_only=True),
)

CONTACTS = (
    f("Salutation", "picklist", choices=SALUTATIONS),
    f("First_Name", "text", 40),
    f("Last_Name", "text", 80, mandatory=True),
    f("Full_Name", "text", 120, read_only=True),
    f("Account_Name", "lookup", lookup="Accounts"),
    f("Vendor_Name", "lookup", lookup="Vendors"),
    f("Reporting_To", "lookup", lookup="Contacts"),
    f("Email", "email", 100),
    f("Secondary_Email", "email", 100),
    f("Title", "text", 100),
    f("Department", "text", 50),
    f("Phone", "phone", 50),
    f("Home_Phone", "phone", 30),
    f("Other_Phone", "phone", 30),
    f("Mobile", "phone", 30),
    f("Fax", "text", 30),
    f("Asst_Phone", "phone", 30),
    f("Assistant", "text", 50),
    f("Date_of_Birth", "date"),
    f("Lead_Source", "picklist", choices=SOURCES),
    f("Email_Opt_Out", "boolean"),
    f("Skype_ID", "text", 50),
    f("Twitter", "text", 50),
    f("Description", "textarea"),
    *_address("Mailing_", "Zip"),
    *_address("Other_", "Zip"),
)

ACCOUNTS = (
    f("Account_Name", "text", 200, mandatory=True),
    f("Account_Number", "bigint"),
    f("Account_Site", "text", 80),
    f("Account_Type", "picklist", choices=ACCOUNT_TYPES),
    f("Parent_Account", "lookup", lookup="Accounts"),
    f("Phone", "phone", 30),
    f("Fax", "text", 30),
    f("Website", "website", 255),
    f("Industry", "picklist", choices=INDUSTRIES),
    f("Ownership", "picklist", choices=OWNERSHIPS),
    f("Employees", "integer"),
    f("Annual_Revenue", "currency"),
    f("SIC_Code", "integer"),
    f("Ticker_Symbol", "text", 30),
    f("Rating", "picklist", choices=RATINGS),
    f("Currency", "picklist"),
    f("Exchange_Rate", "double", places=9),
    f("Description", "textarea"),
    *_address("Billing_", "Code"),
    *_address("Shipping_", "Code"),
)

DEALS = (
    f("Deal_Name", "text", 120, mandatory=True),
    f("Amount", "currency"),
    f("Stage", "picklist", 120, mandatory=True, choices=tuple(STAGES)),
    f("Pipeline", "picklist", choices=(PIPELINE,)),
    f("Closing_Date", "date", layout_mandatory=True),
    f("Probability", "integer"),
    f("Expected_Revenue", "currency", read_only=True),
    f("Type", "picklist", choices=("-None-", "New Business", "Existing Business")),
    f("Next_Step", "text", 100),
    f("Lead_Source", "picklist", choices=SOURCES),
    f("Account_Name", "lookup", lookup="Accounts"),
    f("Contact_Name", "lookup", lookup="Contacts"),
    f("Campaign_Source", "lookup", lookup="Campaigns"),
    f("Description", "textarea"),
    f("Reason_For_Loss__s", "picklist", choices=("-None-", "Expectation Mismatch", "Price", "Competition")),
    f("Currency", "picklist"),
    f("Exchange_Rate", "double", places=9),
    f("Territory", "text", 120),
    f("Lead_Conversion_Time", "integer", read_only=True),
    f("Sales_Cycle_Duration", "integer", read_only=True),
    f("Overall_Sales_Duration", "integer", read_only=True),
)

NOTES = (
    f("Note_Title", "text", 120),
    f("Note_Content", "textarea", mandatory=True),
    f("Parent_Id", "lookup", lookup="se_module", mandatory=True),
)

TABLES: dict[str, tuple[Field, ...]] = {
    "Leads": LEADS,
    "Contacts": CONTACTS,
    "Accounts": ACCOUNTS,
    "Deals": DEALS,
    "Notes": NOTES,
    "Vendors": (f("Vendor_Name", "text", 120, mandatory=True),),
    "Campaigns": (f("Campaign_Name", "text", 200, mandatory=True),),
}
