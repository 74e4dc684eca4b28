"""Sandbox, Zoho Expense: the unverified facts of the sheet, each a switch with a default."""

from ..switches import Switch

__all__ = ["SWITCHES"]


def _switch(name: str, default: bool | str | int, sheet: str, about: str, *choices: str | int) -> Switch:
    return Switch(f"zoho_expense.{name}", default, f"zoho-finance {sheet}", about, choices)


SWITCHES = (
    _switch(
        "organization_in_query", False, "1.2", "the query parameter organization_id is taken like the header"
    ),
    _switch("unreported_word", "unreported", "4", "status of an expense that is in no report"),
    _switch("read_one_expense", True, "4", "GET /expenses/{id} answers (used by clients)"),
    _switch("taken_back_word", "recalled", "4", "status of a report that was taken back"),
    _switch("report_expenses", "both", "4", "what `expenses` of a report may hold", "both", "ids", "objects"),
)
