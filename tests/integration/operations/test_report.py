"""The accountant's sheet: totals of both ledgers, and each document that does not count alike."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.fakes.feeding import ANA
from tests.integration.operations.conftest import WORKSPACE, Held
from tests.integration.operations.test_plan import CLIENT

from twinledger.cli.sync_causes import cause_of, load_taxes
from twinledger.cli.sync_report import Sheet, _csv, sheet_of
from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import transaction
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.entity_model import entity_models
from twinledger.mapping.ledgers import ledger_objects
from twinledger.state.ledgers import documents, unequal_by_currency

OURS, THEIRS = "freshbooks.invoice", "zoho_books.invoice"
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


def invoice(number: str, amount: str, **changes: Any) -> dict[str, Any]:
    line = {
        "item": None, "name": "Oven", "description": None, "quantity": "1", "unit_price": amount, "tax": None
    }  # fmt: skip
    return {
        "number": number, "customer": f"{CLIENT}/1", "date": "2026-03-05", "currency": "USD",
        "state": "sent", "lines": [line], "notes": None, "total": amount, **changes,
    }  # fmt: skip


async def seen(held: Held, object_name: str, external_id: str, fields: dict[str, Any]) -> None:
    await held.enrich.feed(held.enrich.record(object_name, external_id, fields, at=SystemClock().now()))


async def both(held: Held, number: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """A document in both ledgers, found by its number."""
    await seen(held, OURS, number, ours)
    theirs = theirs | {"customer": ours["customer"].replace(f"{CLIENT}/1", "zoho_books.contact/1")}
    await seen(held, THEIRS, number, theirs)


async def sheet(held: Held) -> Sheet:
    definitions = load_shipped()
    ledgers = ledger_objects(definitions, entity_models())
    async with transaction(held.enrich.pool) as connection:
        found = await documents(connection, WORKSPACE, ledgers, *MARCH)
        taxes = await load_taxes(connection, WORKSPACE)
    return sheet_of(found, lambda document: cause_of(document, definitions, taxes))


async def customer(held: Held) -> None:
    await seen(held, CLIENT, "1", ANA)
    await held.accept((await held.shown()).hash)
    await held.write_all()
    held.forget()


async def test_equal_documents_add_up_and_are_not_named(held: Held) -> None:
    await customer(held)
    await both(held, "1", invoice("1", "20"), invoice("1", "20"))
    await both(held, "2", invoice("2", "5.5"), invoice("2", "5.5"))
    found = await sheet(held)
    assert found.lines == [
        {
            "period": "2026-03", "currency": "USD", "account": "invoice", "documents": 2,
            "freshbooks": Decimal("25.5"), "zoho_books": Decimal("25.5"), "difference": Decimal("0.0"),
            "unequal": 0,
        }
    ]  # fmt: skip
    assert found.differences == []


async def test_each_difference_is_named_with_its_cause_and_they_add_up(held: Held) -> None:
    await customer(held)
    await both(held, "1", invoice("1", "20"), invoice("1", "20", total="20.01"))
    await both(held, "2", invoice("2", "7"), invoice("2", "7", state="draft"))
    await seen(held, OURS, "3", invoice("3", "9"))
    await seen(held, OURS, "4", invoice("4", "99", date="2026-04-01"))
    found = await sheet(held)
    causes = {row["document"]: row["cause"] for row in found.differences}
    assert causes["invoice 1"].startswith(
        "amounts differ: 20 in freshbooks, 20.01 in zoho_books; unexplained: 0 | 0.01"
    )
    assert causes["invoice 2"].startswith("sent in freshbooks, draft in zoho_books")
    assert causes["invoice 3"] == "not in zoho_books: a write is planned"
    assert "invoice 4" not in causes
    (line,) = found.lines
    assert line["difference"] == sum(row["difference"] for row in found.differences) == Decimal("-15.99")


async def test_what_is_still_owed_is_compared_too(held: Held) -> None:
    """The same total, but a payment counts in one ledger alone."""
    await customer(held)
    await both(held, "1", invoice("1", "20", balance="0"), invoice("1", "20", balance="20"))
    await both(held, "2", invoice("2", "7", balance="3"), invoice("2", "7", balance="3"))
    await both(held, "3", invoice("3", "9", balance="9"), invoice("3", "9", balance="9", state="draft"))
    found = await sheet(held)
    lines = {
        line["account"]: (line["freshbooks"], line["zoho_books"], line["unequal"]) for line in found.lines
    }
    assert lines == {"invoice": (36, 27, 1), "invoice still owed": (12, 23, 2)}
    named = [(row["account"], row["document"], row["difference"]) for row in found.differences]
    assert named == [
        ("invoice still owed", "invoice 1", 20),
        ("invoice", "invoice 3", -9),
        ("invoice still owed", "invoice 3", -9),
    ]
    causes = [row["cause"] for row in found.differences]
    assert causes[0] == "paid otherwise, see its payments: 0 owed in freshbooks, 20 owed in zoho_books"
    assert all(cause.startswith("sent in freshbooks, draft in zoho_books") for cause in causes[1:])


async def test_payments_add_up_for_each_deposit_account(held: Held) -> None:
    await customer(held)
    for number, account in (("1", "361"), ("2", "362"), ("3", "361")):
        payment = {
            "invoice": None, "customer": "zoho_books.contact/1", "amount": "10", "currency": "USD",
            "date": "2026-03-07", "deposit_account": account,
        }  # fmt: skip
        await seen(held, "zoho_books.customer_payment", number, payment)
    lines = {line["account"]: line for line in (await sheet(held)).lines}
    assert {name: line["zoho_books"] for name, line in lines.items()} == {
        "payment to 361": Decimal(20),
        "payment to 362": Decimal(10),
    }
    assert lines["payment to 361"]["unequal"] == 2


async def test_a_csv_has_a_row_for_each_line_and_each_difference(held: Held) -> None:
    await customer(held)
    await both(held, "1", invoice("1", "20"), invoice("1", "20", total="20.01"))
    header, line, difference = _csv(await sheet(held)).splitlines()
    assert header.startswith("row,period,currency,account,documents,freshbooks,zoho_books,difference")
    assert line.startswith("line,2026-03,USD,invoice,1,20,20.01,0.01,1")
    assert difference.startswith("difference,2026-03,USD,invoice,,20,20.01,0.01,,invoice 1")


async def test_the_metric_counts_posted_documents_whose_amounts_differ(held: Held) -> None:
    await customer(held)
    await both(held, "1", invoice("1", "20"), invoice("1", "20", total="20.01"))
    await both(held, "2", invoice("2", "7"), invoice("2", "7"))
    ledgers = ledger_objects(load_shipped(), entity_models())
    async with transaction(held.enrich.pool) as connection:
        assert await unequal_by_currency(connection, WORKSPACE, ledgers) == {"USD": 1}
