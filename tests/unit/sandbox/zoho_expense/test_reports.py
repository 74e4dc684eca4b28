"""Expense reports and the expenses in them (sheet 4)."""

from typing import Any

from tests.unit.sandbox.zoho_desk import Desk


async def _expense(desk: Desk, amount: float, **fields: Any) -> str:
    _, categories = await desk.expense("GET", "/expensecategories")
    _, currencies = await desk.expense("GET", "/settings/currencies")
    base = next(each for each in currencies["currencies"] if each["is_base_currency"])
    line = {"category_id": categories["expense_categories"][0]["category_id"], "amount": amount}
    body = {"currency_id": base["currency_id"], "date": "2026-03-09", "line_items": [line], **fields}
    status, answer = await desk.expense("POST", "/expenses", body)
    assert status == 201, answer
    return str(answer["expense"]["expense_id"])


async def _report(desk: Desk, *expenses: Any) -> dict[str, Any]:
    body = {
        "report_name": "Lisbon",
        "start_date": "2026-03-09",
        "end_date": "2026-03-12",
        "expenses": expenses,
    }
    status, answer = await desk.expense("POST", "/expensereports", body)
    assert status == 201, answer
    report: dict[str, Any] = answer["expense_report"]
    return report


async def test_the_organization_stands_in_the_header(desk: Desk) -> None:
    status, answer = await desk.call("GET", "/users", prefix="/expense/v1")
    assert (status, answer["code"]) == (400, 4029)
    await desk.switch("zoho_expense.organization_in_query", True)
    assert (await desk.call("GET", "/users", prefix="/expense/v1"))[0] == 200


async def test_a_report_adds_up_and_carries_its_status_to_the_expenses(desk: Desk) -> None:
    first, second = await _expense(desk, 260), await _expense(desk, 14.5, is_reimbursable=False)
    report = await _report(desk, first, {"expense_id": second, "order": 1})
    sums = (report["total"], report["reimbursable_total"], report["non_reimbursable_total"])
    assert sums == (274.5, 260.0, 14.5)
    path = f"/expensereports/{report['report_id']}"
    assert (await desk.expense("POST", path + "/approve", {}))[0] == 400
    for action, status in (("submit", "submitted"), ("approve", "approved"), ("reimburse", "reimbursed")):
        assert (await desk.expense("POST", f"{path}/{action}", {}))[0] == 200
        _, found = await desk.expense("GET", "/reports/expensedetails", status=status)
        assert {each["expense_id"] for each in found["expenses"]} == {first, second}
    assert (await desk.expense("DELETE", path))[0] == 400


async def test_a_rejected_report_can_be_edited_and_loses_its_expenses(desk: Desk) -> None:
    expense_id = await _expense(desk, 10)
    report = await _report(desk, expense_id)
    path = f"/expensereports/{report['report_id']}"
    await desk.expense("POST", path + "/submit", {})
    await desk.expense("POST", path + "/reject", {"comments": "no receipt"})
    body = {"report_name": "Lisbon", "start_date": "2026-03-09", "end_date": "2026-03-12", "expenses": []}
    _, answer = await desk.expense("PUT", path, body)
    assert (answer["expense_report"]["total"], answer["expense_report"]["expenses"]) == (0.0, [])
    _, found = await desk.expense("GET", f"/expenses/{expense_id}")
    assert found["expense"]["status"] == "unreported"


async def test_there_is_no_list_below_expenses(desk: Desk) -> None:
    assert (await desk.expense("GET", "/expenses"))[0] == 405
