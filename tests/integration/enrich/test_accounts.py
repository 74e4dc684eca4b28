"""Payments by the workspace's account table: mode and deposit account, there and back."""

from __future__ import annotations

from typing import Any

from tests.fakes.feeding import ANA, Enrich

from twinledger.enrich.replanner import Replanner
from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.settings import chosen
from twinledger.state.workspaces import ensure_workspace, load_settings, save_settings

FB, BOOKS = "freshbooks.payment", "zoho_books.customer_payment"
PAID: dict[str, Any] = {"amount": "5", "currency": "USD", "date": "2026-11-21", "notes": None}
INVOICE: dict[str, Any] = {
    "number": "INV-1",
    "date": "2026-11-20",
    "currency": "USD",
    "state": "sent",
    "lines": [],
}
BILLED = {"invoice": "freshbooks.invoice/8", "customer": "freshbooks.client/1", "state": "active"}
PAYPAL = PAID | BILLED | {"method": "other", "method_name": "PayPal"}


async def choose(enrich: Enrich, name: str, word: str) -> None:
    """As `twinledger admin settings set` does it."""
    tables = {table.field for table in load_shipped().sync_rules["payment"].accounts}
    async with enrich.pool.acquire() as connection:
        await ensure_workspace(connection, "default")
        settings = chosen(await load_settings(connection, "default"), name, word, (), tables)
        await save_settings(connection, "default", settings, ["payment"])


async def billed(enrich: Enrich) -> None:
    await enrich.feed(
        enrich.record("freshbooks.client", "1", ANA), enrich.record("zoho_books.contact", "7", ANA)
    )
    await enrich.feed(
        enrich.record("freshbooks.invoice", "8", INVOICE | {"customer": "freshbooks.client/1"}),
        enrich.record("zoho_books.invoice", "80", INVOICE | {"customer": "zoho_books.contact/7"}),
    )


async def planned(enrich: Enrich) -> list[dict[str, Any]]:
    return [row for row in await enrich.planned() if row["object"] == BOOKS]


async def mirrored(enrich: Enrich, **said: Any) -> dict[str, Any]:
    """Books has taken the payment; what it shows."""
    (intent,) = await planned(enrich)
    shown = PAID | {"invoice": "zoho_books.invoice/80", "customer": "zoho_books.contact/7"}
    shown |= {name: intent["patch"].get(name) for name in ("payment_mode", "deposit_account")} | said
    await enrich.feed(enrich.record(BOOKS, "50", shown, reference=intent["reference"]))
    return shown


async def test_without_rows_of_its_own_a_workspace_has_the_shipped_ones(enrich: Enrich) -> None:
    await billed(enrich)
    await enrich.feed(enrich.record(FB, "5", PAYPAL))
    (intent,) = await planned(enrich)
    assert intent["patch"]["payment_mode"] == "others"
    assert "deposit_account" not in intent["patch"]


async def test_mode_and_account_are_those_of_the_workspaces_table(enrich: Enrich) -> None:
    await choose(enrich, "accounts.payment_mode.PayPal", "Paypal")
    await choose(enrich, "accounts.deposit_account.PayPal", "361")
    await billed(enrich)
    await enrich.feed(enrich.record(FB, "5", PAYPAL))
    (intent,) = await planned(enrich)
    assert (intent["patch"]["payment_mode"], intent["patch"]["deposit_account"]) == ("Paypal", "361")
    (cause,) = await enrich.rows("select cause, definition from audit where field = 'deposit_account'")
    assert cause == {"cause": "accounts", "definition": "sync.payment@2"}


async def test_what_comes_back_in_the_tables_words_is_no_edit(enrich: Enrich) -> None:
    await choose(enrich, "accounts.payment_mode.PayPal", "Paypal")
    await billed(enrich)
    await enrich.feed(enrich.record(FB, "5", PAYPAL))
    await mirrored(enrich)
    assert await planned(enrich) == []
    assert await enrich.rows("select 1 from conflict") == []


async def test_another_mode_typed_into_the_books_is_put_back_another_account_stays(enrich: Enrich) -> None:
    await choose(enrich, "accounts.deposit_account.default", "361")
    await billed(enrich)
    await enrich.feed(enrich.record(FB, "5", PAYPAL))
    shown = await mirrored(enrich)
    await enrich.feed(enrich.record(BOOKS, "50", shown | {"payment_mode": "cash", "deposit_account": "362"}))
    assert [row["patch"] for row in await planned(enrich)] == [{"payment_mode": "others"}]
    (row,) = await enrich.rows("select fields from entity where type = 'payment'")
    assert row["fields"]["deposit_account"] == "362"
    await choose(enrich, "accounts.deposit_account.default", "363")
    await Replanner(enrich.pool, enrich.pipeline).plan_one()
    (row,) = await enrich.rows("select fields from entity where type = 'payment'")
    assert row["fields"]["deposit_account"] == "362"


async def test_a_mode_without_a_row_is_one_question_and_its_answer_writes_them(
    enrich: Enrich,
) -> None:
    await choose(enrich, "accounts.deposit_account.default", "ask")
    await billed(enrich)
    await enrich.feed(enrich.record(FB, "5", PAYPAL), enrich.record(FB, "6", PAYPAL | {"amount": "7"}))
    assert await planned(enrich) == []
    (asked,) = await enrich.rows("select subject, evidence from review_item where kind = 'account_missing'")
    assert asked["subject"] == "accounts.deposit_account.PayPal"
    assert asked["evidence"]["try"] == 'twinledger admin settings set "accounts.deposit_account.PayPal" WORD'
    await choose(enrich, asked["subject"], "361")
    replanner = Replanner(enrich.pool, enrich.pipeline)
    while await replanner.plan_one():
        pass
    assert [row["patch"]["deposit_account"] for row in await planned(enrich)] == ["361", "361"]
    assert await enrich.rows("select 1 from review_item where state = 'open'") == []
