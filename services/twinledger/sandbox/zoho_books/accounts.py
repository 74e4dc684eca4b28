"""Sandbox, Zoho Books: the chart of accounts (sheet 2.3)."""

from typing import ClassVar

from ..call import Change
from ..store import Filter
from .answers import refuse
from .listing import Columns, status_filter
from .resource import Action, Query, Record, Resource
from .shape import Shape, flag, ident, text

__all__ = ["Accounts"]

SEEDED = (
    ("Sales", "income"),
    ("General Income", "income"),
    ("Undeposited Funds", "cash"),
    ("Petty Cash", "cash"),
    ("Checking Account", "bank"),
    ("Accounts Receivable", "accounts_receivable"),
    ("Accounts Payable", "accounts_payable"),
    ("Inventory Asset", "stock"),
    ("Cost of Goods Sold", "cost_of_goods_sold"),
    ("Office Supplies", "expense"),
    ("Travel Expense", "expense"),
    ("Meals and Entertainment", "expense"),
    ("Advertising And Marketing", "expense"),
    ("Salaries and Employee Wages", "expense"),
    ("Other Expenses", "expense"),
)


class Accounts(Resource):
    name, path, id_key = "account", "/chartofaccounts", "account_id"
    one, many, label, scope = "chart_of_account", "chartofaccounts", "Account", "accountants"
    report = "Chart of Accounts"
    created = "The account has been created."
    updated = "The details of the account has been updated."
    deleted = "The account has been deleted."
    required = ("account_name", "account_type")
    default_filter = "AccountType.All"
    upsert = False
    shape: ClassVar[Shape] = {
        "account_name": text(100),
        "account_type": text(100),
        "account_code": text(50),
        "description": text(500),
        "currency_id": ident,
        "parent_account_id": ident,
        "show_on_dashboard": flag,
    }
    row = (
        "account_id",
        "account_name",
        "account_code",
        "account_type",
        "description",
        "is_active",
        "is_user_created",
        "parent_account_id",
        "created_time",
        "last_modified_time",
    )
    columns = Columns(
        texts=("account_name",),
        exact=("account_type", "account_code", "is_active"),
        sorts=("account_name", "account_type", "account_code", "last_modified_time"),
        default_sort="account_name",
        default_order="A",
        modified_filter=True,
    )

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        name = str(fields.get("account_name", record.get("account_name", "")))
        if any(each != record["account_id"] for each in self.table.find("=account_name", name.casefold())):
            raise refuse(1001, f'An account with the name "{name}" already exists.')
        defaults: Record = {
            "account_code": "",
            "description": "",
            "parent_account_id": "",
            "is_active": True,
            "is_user_created": True,
        }
        for key, value in defaults.items():
            record.setdefault(key, value)
        super().build(record, fields, query, creating=creating)

    def _custom(self, record: Record, body: Record) -> None:
        """Accounts carry no custom fields."""

    def status_filters(self, wanted: str) -> list[Filter]:
        word = wanted.rpartition(".")[2].casefold()
        if wanted.startswith("AccountType."):
            known = {kind for _, kind in SEEDED} | {"all", "active", "inactive"}
            return status_filter({word: (word,)} if word in known else {}, wanted, "=account_type")
        return status_filter({"active": ("true",), "inactive": ("false",)}, wanted, "=is_active")

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "active": (self._marking(True), "The account has been marked as active.", 200),
            "inactive": (self._marking(False), "The account has been marked as inactive.", 200),
        }

    def _marking(self, active: bool) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            record["is_active"] = active
            self.store(change, record)

        return mark

    def check_delete(self, record: Record) -> None:
        if not record["is_user_created"]:
            raise self.refuse_state("This account is used by Zoho Books and cannot be deleted.")

    def named(self, name: str) -> str:
        return self.table.find("=account_name", name.casefold())[0]

    def seed(self, moment: float) -> None:
        stamp = self.organization.stamp(moment)
        for name, kind in SEEDED:
            record: Record = {
                "account_id": self.organization.new_id(),
                "created_time": stamp,
                "last_modified_time": stamp,
            }
            self.build(record, {"account_name": name, "account_type": kind}, {}, creating=True)
            record["is_user_created"] = False
            self.table.put(record)
