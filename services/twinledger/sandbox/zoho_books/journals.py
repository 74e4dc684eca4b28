"""Sandbox, Zoho Books: journals; debits equal credits (sheet 2.11)."""

from typing import ClassVar

from ..call import Change
from ..plugin import ActOperation
from .answers import invalid, refuse
from .listing import Columns
from .resource import Action, Query, Record, Resource
from .shape import Shape, anything, day, ident, number, one_of, rows, shaped, text
from .totals import ZERO, dec, num

__all__ = ["Journals"]

LINE: Shape = {
    "account_id": ident,
    "amount": number,
    "debit_or_credit": one_of("debit", "credit"),
    "description": text(500),
    "customer_id": ident,
    "project_id": ident,
    "tags": rows,
    "location_id": ident,
    "tax_id": ident,
}


class Journals(Resource):
    name, path, id_key = "journal", "/journals", "journal_id"
    one, many, label, scope, report, sheet = (
        "journal",
        "journals",
        "Journal",
        "accountants",
        "Journals",
        "2.11",
    )
    created = "The journal entry has been created."
    updated = "The journal entry has been updated."
    deleted = "The selected journal entry has been deleted."
    required = ("journal_date", "line_items")
    upsert = False
    shape: ClassVar[Shape] = {
        "journal_date": day,
        "reference_number": text(100),
        "notes": text(500),
        "journal_type": anything,
        "currency_id": ident,
        "exchange_rate": number,
        "status": one_of("draft", "published"),
        "line_items": rows,
    }
    row = (
        "journal_id",
        "journal_date",
        "entry_number",
        "reference_number",
        "currency_code",
        "notes",
        "journal_type",
        "status",
        "total",
        "created_time",
        "last_modified_time",
    )
    columns = Columns(
        texts=("entry_number", "reference_number", "notes"),
        exact=("status", "journal_type"),
        days=("journal_date",),
        amounts=("total",),
        sorts=(
            "journal_date",
            "entry_number",
            "reference_number",
            "total",
            "created_time",
            "last_modified_time",
        ),
        default_sort="journal_date",
        modified_filter=True,
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if creating:
            number_ = self.world.counters.next(f"zoho.{self.organization.site}.journal.number")
            record |= {"entry_number": str(number_), "journal_type": "both", "status": "published"}
            record |= {"reference_number": "", "notes": ""}
        record |= {name: value for name, value in fields.items() if name != "line_items"}
        currency = self.finance.currencies.chosen(
            record.get("currency_id", ""), self.organization.currency_code
        )
        record["currency_id"], record["currency_code"] = currency["currency_id"], currency["currency_code"]
        record.setdefault("exchange_rate", float(currency["exchange_rate"]))
        if "line_items" in fields:
            record["line_items"] = [self._line(each) for each in fields["line_items"]]
        sums = {
            side: sum(
                (dec(line["amount"]) for line in record["line_items"] if line["debit_or_credit"] == side),
                ZERO,
            )
            for side in ("debit", "credit")
        }
        if sums["debit"] != sums["credit"]:
            raise refuse(4, "Please ensure that the debits and credits are equal.")
        record["total"] = record["line_item_total"] = num(sums["debit"])
        record["bcy_total"] = num(sums["debit"] * dec(record["exchange_rate"]))

    def _line(self, given: Record) -> Record:
        line = shaped(LINE, given, ("account_id", "amount", "debit_or_credit"))
        if line.get("tax_id"):
            raise refuse(110942, "Tax not supported.")
        if line["amount"] < 0:
            raise invalid("amount")
        account = self.finance.accounts.need(line["account_id"])
        return {
            "line_id": self.organization.new_id(),
            "account_name": account["account_name"],
            "description": "",
            "customer_id": "",
            **line,
        }

    def _custom(self, record: Record, body: Record) -> None:
        """No unique custom fields here (sheet 2.2)."""

    def publish(self, change: Change, record_id: str, _: Record) -> None:
        record = self.need(record_id)
        record["status"] = "published"
        self.store(change, record)

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {"status/publish": (self.publish, "Journal has been published.", 201)}

    def act_extras(self) -> dict[str, ActOperation]:
        return {"confirm": self.act_of(self.publish)}
