"""Sandbox, Zoho Expense: expenses; their status mirrors the report they are in (sheet 4)."""

from decimal import Decimal
from typing import Any, ClassVar

from ..call import Call, Change, Reply
from ..plugin import Route
from ..zoho_books.answers import invalid, refuse, success
from ..zoho_books.listing import Columns
from ..zoho_books.resource import Query, Record, Resource
from ..zoho_books.shape import Shape, anything, day, flag, ident, number, read_body, rows, shaped, text
from ..zoho_books.totals import ZERO, Discount, Priced, TaxPart, Terms, dec, num, total_up
from .categories import Categories, ExpenseUsers

__all__ = ["EDITABLE", "ReportedExpenses"]

LINE: Shape = {
    "line_item_id": ident,
    "category_id": ident,
    "amount": number,
    "tax_id": ident,
    "description": text(2000),
    "tags": rows,
    "item_custom_fields": rows,
}
DEFAULTS: Record = {
    "report_id": "",
    "report_name": "",
    "report_number": "",
    "merchant_name": "",
    "merchant_id": "",
    "paid_through_account_id": "",
    "paid_through_account_name": "",
    "reference_number": "",
    "description": "",
    "customer_id": "",
    "customer_name": "",
    "project_id": "",
    "project_name": "",
    "payment_mode": "",
    "is_reimbursable": True,
    "is_billable": False,
    "is_inclusive_tax": False,
    "mileage_type": "non_mileage",
}
EDITABLE = ("draft", "rejected", "recalled")


class ReportedExpenses(Resource):
    name, path, id_key, group = "expense", "/expenses", "expense_id", "expense"
    one, many, label, scope, report, sheet = (
        "expense",
        "expenses",
        "Expense",
        "expense",
        "Expense Details",
        "4",
    )
    created = "The expense has been recorded."
    updated = "Expense information has been updated."
    deleted = "The expense has been deleted."
    required = ("currency_id", "line_items")
    upsert = False
    shape: ClassVar[Shape] = {
        "currency_id": ident,
        "exchange_rate": number,
        "line_items": rows,
        "date": day,
        "paid_through_account_id": ident,
        "merchant_id": ident,
        "merchant_name": text(100),
        "report_id": ident,
        "payment_mode": text(100),
        "customer_id": ident,
        "project_id": ident,
        "is_reimbursable": flag,
        "is_billable": flag,
        "is_inclusive_tax": flag,
        "reference_number": text(100),
        "description": text(500),
        "attendees": anything,
        "mileage_type": text(50),
        "distance": anything,
        "custom_fields": rows,
    }
    row = (
        "expense_id",
        "date",
        "user_id",
        "user_name",
        "user_email",
        "category_id",
        "category_name",
        "merchant_name",
        "description",
        "reference_number",
        "currency_id",
        "currency_code",
        "total",
        "bcy_total",
        "is_reimbursable",
        "is_billable",
        "status",
        "report_id",
        "report_name",
        "report_number",
        "customer_id",
        "customer_name",
        "project_id",
        "created_time",
        "last_modified_time",
        "custom_fields",
    )
    columns = Columns(
        texts=("merchant_name", "description"),
        exact=("status", "user_id", "category_id", "merchant_id", "customer_id", "project_id", "report_id"),
        days=("date",),
        amounts=("total",),
        sorts=("date", "total", "category_name", "created_time", "last_modified_time"),
        default_sort="date",
    )

    def __init__(self, finance: Any, users: ExpenseUsers, categories: Categories) -> None:
        self._users, self._categories = users, categories
        super().__init__(finance)

    def required_in_update(self, change: Change) -> tuple[str, ...]:
        return ("line_items",) if isinstance(change, Call) else ()

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        unreported = self._word()
        for name, value in DEFAULTS.items():
            record.setdefault(name, value)
        if record.setdefault("status", unreported) not in (unreported, *EDITABLE):
            raise self.refuse_state("The expense is in a report that has been submitted.")
        if creating:
            user = self._users.owner()
            record |= {"user_id": user["user_id"], "user_name": user["name"], "user_email": user["email"]}
        given = fields.pop("line_items", None)
        report_id = fields.pop("report_id", "")
        record |= {name: value for name, value in fields.items() if name != "custom_fields"}
        record["date"] = record.get("date") or self.organization.today()
        self._names(record)
        if given is not None:
            record["line_items"] = [self._line(each) for each in given]
        self._sums(record)
        if report_id and report_id != record["report_id"]:
            self.finance.extension("expense_report", "expense").take(record, report_id)

    def _word(self) -> str:
        return str(self.world.switches.get("zoho_expense.unreported_word"))

    def _names(self, record: Record) -> None:
        finance = self.finance
        currency = finance.currencies.need(record["currency_id"])
        record["currency_code"], record["price_precision"] = (
            currency["currency_code"],
            currency["price_precision"],
        )
        record.setdefault("exchange_rate", float(currency["exchange_rate"]))
        if record["paid_through_account_id"]:
            account = finance.accounts.need(record["paid_through_account_id"])
            record["paid_through_account_name"] = account["account_name"]
        if record["customer_id"]:
            record["customer_name"] = finance.contacts.need(record["customer_id"])["contact_name"]
        if record["project_id"]:
            record["project_name"] = finance.projects.need(record["project_id"])["project_name"]

    def _line(self, given: Record) -> Record:
        line = shaped(LINE, given, ("category_id", "amount"))
        if line["amount"] <= 0:
            raise refuse(5015, "Invalid amount for the expense.")
        category = self._categories.need(line["category_id"])
        name = ""
        if line.get("tax_id"):
            name = self.finance.taxes.parts(line["tax_id"])[0]
        line_id = line.pop("line_item_id", "") or self.organization.new_id()
        named = {"category_name": category["category_name"], "tax_name": name}
        return {"line_item_id": line_id, "tax_id": "", "description": "", **line, **named}

    def _sums(self, record: Record) -> None:
        lines = record["line_items"]
        priced = [Priced(dec(each["amount"]), Decimal(1), Discount(), self._parts(each)) for each in lines]
        terms = Terms(precision=record["price_precision"], inclusive=record["is_inclusive_tax"])
        totals = total_up(priced, terms)
        for line, amounts in zip(lines, totals.lines, strict=True):
            line["item_total"] = num(amounts.item_total)
            line["tax_amount"] = num(sum((amount for _, amount in amounts.taxes), ZERO))
        record["total"] = record["amount"] = num(totals.total)
        record["sub_total"], record["tax_amount"] = num(totals.sub_total), num(totals.tax_total)
        record["bcy_total"] = num(totals.total * dec(record["exchange_rate"]))
        record["category_id"], record["category_name"] = lines[0]["category_id"], lines[0]["category_name"]

    def _parts(self, line: Record) -> tuple[TaxPart, ...]:
        return self.finance.taxes.parts(line["tax_id"])[3] if line["tax_id"] else ()

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        reports = self.finance.extension("expense_report", "expense")
        for report_id in {(each or {}).get("report_id", "") for each in (before, record)} - {""}:
            reports.refresh(change, report_id)

    def check_delete(self, record: Record) -> None:
        if record["status"] not in (self._word(), *EDITABLE):
            raise self.refuse_state("The expense is in a report that has been submitted.")

    def page(self, call: Call) -> Reply:
        """GET /reports/expensedetails; the dates bound the expense's date."""
        for name in ("date_start", "date_end"):
            day(name, call.arg(name))
        return super().page(call)

    def merge(self, call: Call) -> Reply:
        kept = self.need(call.params["id"])
        double = call.arg("duplicate_expense_id")
        if not double or double == kept["expense_id"]:
            raise invalid("duplicate_expense_id")
        self.delete(call, self.need(double)["expense_id"])
        return success("The expenses have been merged.", expense=self.need(kept["expense_id"]))

    def read(self, call: Call) -> Reply:
        if not self.world.switches.on("zoho_expense.read_one_expense"):
            raise refuse(self.organization.code("no_route_code"), "Invalid URL Passed", 404)
        return super().read(call)

    def post(self, call: Call) -> Reply:
        """A multipart call brings the receipt with it."""
        created = self.create(call, read_body(call), dict(call.query))
        kind = call.headers.get("content-type", "")
        upload = call.form().files.get("receipt") if kind.startswith("multipart/") else None
        if upload is not None:
            self.finance.receipts.keep(created, upload.media_type, upload.content)
        return success(self.created, 201, expense=self.need(created))

    def attach(self, call: Call) -> Reply:
        record, files = self.need(call.params["id"]), call.form().files
        if "receipt" not in files:
            raise invalid("receipt")
        upload = files["receipt"]
        self.finance.receipts.keep(record["expense_id"], upload.media_type, upload.content)
        record["documents"] = [{"file_name": upload.filename, "file_type": upload.media_type}]
        self.store(call, record)
        return success("The expense receipt has been attached.")

    def routes(self, product: Any) -> list[Route]:
        make = product.route
        own = [each for each in super().routes(product) if not _is_list(each, product.prefix + self.path)]
        return [
            *own,
            make(self, "GET", "/reports/expensedetails", self.page),
            make(self, "POST", "/expenses/{id}/merge", self.merge),
            make(self, "POST", "/expenses/{id}/receipt", self.attach),
        ]


def _is_list(route: Route, path: str) -> bool:
    return (route.method, route.path) == ("GET", path)
