"""FreshBooks expenses and their categories. Sheet 3.5."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..call import Call, Change, Reply, json_reply
from ..indexes import Index, Keyed, Ordered, Text
from ..plugin import Route
from .errors import Detail
from .fields import Field
from .listing import SearchKey, amounts, days, flag, found_by, like, number, read_paging, text
from .resource import Record, Resource
from .wire import amount_of, eastern, eastern_micro, money

__all__ = ["Categories", "Expenses"]

BASE = "/accounting/account/{account_id}/expenses"


class Expenses(Resource):
    name, plural, path, scope, sheet = "expense", "expenses", "expenses/expenses", "expenses", "3.5"
    id_keys = ("id", "expenseid")
    first_id = 90_001
    required = ("amount", "categoryid", "staffid", "date")
    plain_view = False
    fields: Mapping[str, Field] = {
        "amount": Field("money", None),
        "categoryid": Field("int", 0),
        "staffid": Field("int", 1),
        "date": Field("date", None),
        "clientid": Field("int", 0),
        "projectid": Field("int", 0),
        "modern_projectid": Field("int", None),
        "invoiceid": Field("int", None),
        "vendor": Field(default=None),
        "notes": Field(),
        "billable": Field("bool", False),
        "has_receipt": Field("bool", False),
        "include_receipt": Field("bool", False),
        "attachment": Field("any", None),
        "markup_percent": Field("percent", "0"),
        "taxName1": Field(default=None),
        "taxAmount1": Field("money", None),
        "taxPercent1": Field("percent", None),
        "taxName2": Field(default=None),
        "taxAmount2": Field("money", None),
        "taxPercent2": Field("percent", None),
        "compounded_tax": Field("bool", False),
        "account_name": Field(),
        "bank_name": Field(),
        "transactionid": Field(default=None),
    }

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("clientid", lambda record: (record["clientid"],)),
            Keyed("staffid", lambda record: (record["staffid"],)),
            Keyed("categoryid", lambda record: (record["categoryid"],)),
            Keyed("projectid", lambda record: (record["projectid"], record["modern_projectid"])),
            Keyed("vendor", lambda record: (record["vendor"],)),
            Ordered("date", lambda record: record["date"]),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        keys = {f"{name}{many}": number(name) for name in ("clientid", "staffid") for many in ("", "s")}
        keys |= {f"{name}{many}": number(name) for name in ("categoryid", "projectid") for many in ("", "s")}
        return keys | {
            "clientid_not": found_by(lambda record, value: str(record["clientid"]) != value),
            "has_receipt": flag(lambda record: bool(record["has_receipt"])),
            "vendor": text("vendor"),
            **amounts("amount", lambda record: amount_of(record["amount"])),
            **days("date", "date"),
            **days("updated", "updated"),
        }

    def routes(self) -> list[Route]:
        read = ("user:expenses:read",)
        side = [
            Route("GET", f"{BASE}/summaries", self.summaries, "freshbooks.api", "summaries", "3.5", read),
            Route("GET", f"{BASE}/vendors", self.vendors, "freshbooks.api", "vendor names", "3.5", read),
        ]
        return [*super().routes(), *side]

    def summaries(self, call: Call) -> Reply:
        sums: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for record in self._living():
            code = record["amount"]["code"]
            sums[code] += int(amount_of(record["amount"]) * 100)
            counts[code] += 1
        amounts_ = [
            {**money(Decimal(cents) / 100, code), "count": counts[code]} for code, cents in sums.items()
        ]
        summary = {"id": "expenses", "counts": sum(counts.values()), "amounts": amounts_}
        return json_reply({"response": {"result": {"summaries": [summary]}}})

    def vendors(self, call: Call) -> Reply:
        paging = read_paging(call, 15)
        names = sorted({record["vendor"] for record in self._living() if record["vendor"]})
        shown = names[paging.offset : paging.offset + paging.per_page]
        rows = [{"vendor": name} for name in shown]
        return json_reply({"response": {"result": {"vendors": rows, **paging.counts(len(names))}}})

    def _living(self) -> list[Record]:
        records = [self.table.get(each) for each in self.table]
        return [record for record in records if record is not None and not self.is_deleted(record)]

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        tables = {
            "categoryid": (self.vendor.categories, "Category"),
            "clientid": (self.vendor.clients, "Client"),
            "staffid": (self.vendor.staff, "Staff"),
        }
        return [
            Detail(1012, f"{title} not found.", key, self.name, str(values[key]))
            for key, (resource, title) in tables.items()
            if values.get(key) and str(values[key]) not in resource.table
        ]

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        if before is None:
            record |= {
                "accounting_systemid": self.vendor.account_id,
                "accountid": None,
                "converse_projectid": None,
                "profileid": None,
                "is_cogs": False,
                "isduplicate": False,
                "from_bulk_import": False,
                "potential_bill_payment": False,
                "bill_matches": [],
                "ext_accountid": "",
                "ext_invoiceid": 0,
                "ext_systemid": 0,
                "background_jobid": None,
            }
        if record["attachment"]:
            record["has_receipt"] = True
        record["status"] = 2 if record["invoiceid"] else int(bool(record["clientid"]))

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated"] = eastern(now)
        record["version"] = eastern_micro(now)

    def view_depends_on(self, includes: set[str]) -> Hashable | None:
        return None if "category" in includes else ()

    def view(self, record: Record, includes: set[str]) -> Any:
        attachment = record.pop("attachment", None)
        if "attachment" in includes:
            record["attachment"] = attachment
        if "category" in includes:
            record["category"] = self.vendor.categories.table.get(str(record["categoryid"]))
        return record


class Categories(Resource):
    """Read-only by the API; a switch adds the create that one source lists."""

    name, plural, path, scope, sheet = "category", "categories", "expenses/categories", "expenses", "3.5"
    id_keys = ("id", "categoryid")
    first_id = 301_101
    methods = ("list", "get", "create")
    required = ("category",)
    fields: Mapping[str, Field] = {"category": Field(max_length=255), "parentid": Field("int", None)}

    def indexes(self) -> Sequence[Index]:
        return (
            Keyed("id_value", lambda record: (record["id"],)),
            Keyed("parentid", lambda record: (record["parentid"],)),
            Text("name", lambda record: record["category"]),
        )

    def search_keys(self) -> Mapping[str, SearchKey]:
        return {
            "name": like("name"),
            "parentid": number("parentid"),
            "is_cogs": flag(lambda record: bool(record["is_cogs"])),
            "is_editable": flag(lambda record: bool(record["is_editable"])),
        }

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        by_api = isinstance(change, Call)
        if by_api and not self.world.switches.on("freshbooks.categories_created_by_api"):
            return [Detail(1003, "Categories cannot be created.", "category", self.name, None)]
        return []

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        record |= {"is_cogs": False, "is_editable": True, "transaction_posted": False}

    def stamp(self, record: Record, now: float, *, creating: bool) -> None:
        record["updated_at"] = eastern(now)
        if creating:
            record["created_at"] = eastern(now)
