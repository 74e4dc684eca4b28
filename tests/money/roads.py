"""A document's way from one ledger to the other, without broker and database: read, derive, write."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from decimal import Decimal
from random import Random
from typing import Any

from tests.money.business import Bill, bill, payments
from tests.money.ledgers import Books, FreshBooks, TaxTable

from twinledger.mapping.definitions import load_shipped
from twinledger.mapping.errors import MappingError
from twinledger.mapping.explain import Difference, explain_difference
from twinledger.mapping.line_taxes import in_order
from twinledger.mapping.money_documents import money_document

__all__ = ["Proof", "prove"]

DEFINITIONS = load_shipped()
FRESHBOOKS, BOOKS, ORDER, PAYMENT, BOOKS_PAYMENT = (
    DEFINITIONS.mappings[name]
    for name in (
        *("freshbooks.invoice", "zoho_books.invoice", "zoho_books.sales_order"),
        *("freshbooks.payment", "zoho_books.customer_payment"),
    )
)
UNITS = {"JPY": Decimal(1)}
FLOW = next(flow for flow in DEFINITIONS.flows if flow.name == "sales-order-to-invoice")
Fields = dict[str, Any]


@dataclass(slots=True)
class Proof:
    """What a run amounts to: sums by currency, what was refused and why, what was rounded and where."""

    made: int = 0
    freshbooks: Counter[str] = field(default_factory=Counter)
    books: Counter[str] = field(default_factory=Counter)
    payments: int = 0
    open_at_freshbooks: Counter[str] = field(default_factory=Counter)
    open_at_books: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    rounded: int = 0
    unequal: list[str] = field(default_factory=list)

    def join(self, other: Proof) -> Proof:
        """Both runs as one."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            else:
                setattr(self, each.name, mine + theirs)
        return self

    def add(self, currency: str, ours: Decimal, theirs: Decimal) -> None:
        self.made += 1
        self.freshbooks[currency] += ours  # type: ignore[assignment] # exact sums
        self.books[currency] += theirs  # type: ignore[assignment]


def prove(numbers: range, seed: int) -> Proof:
    """Half of the bills are written in FreshBooks, half begin as orders in Books."""
    proof, taxes = Proof(), TaxTable()
    freshbooks, books = FreshBooks(), Books(taxes)
    for number in numbers:
        one = bill(number, Random(f"{seed}/{number}"))
        try:
            if _is_order(number):
                _from_order(one, freshbooks, books, taxes, proof)
            else:
                _from_freshbooks(one, freshbooks, books, taxes, proof)
        except MappingError as refused:
            proof.refused[
                f"{'order' if _is_order(number) else 'invoice'} in {one.currency}: {_class(refused)}"
            ] += 1
    return proof


def _is_order(number: int) -> bool:
    """Forty bills have every currency and shape once."""
    return bool(number // 40 % 2)


def _from_freshbooks(one: Bill, freshbooks: FreshBooks, books: Books, taxes: TaxTable, proof: Proof) -> None:
    document = freshbooks.typed(one)
    fields = _resolved(FRESHBOOKS.read(document).fields, taxes)
    kept = _mirrored(fields, books, taxes)
    _compare(document, kept, one.currency, taxes, proof)
    _paid(document, kept, one.currency, Random(one.number), proof)


def _from_order(one: Bill, freshbooks: FreshBooks, books: Books, taxes: TaxTable, proof: Proof) -> None:
    order = _resolved(ORDER.read(books.typed(one)).fields, taxes)
    (invoice,) = FLOW.derive(order, {})
    fields = invoice.fields
    body = FRESHBOOKS.write(
        fields, fields, creating=True, reference=None, resolve=taxes.resolve, lookup=taxes.lookup
    )
    document = freshbooks.keep(body)
    assert document["amount"]["amount"] == f"{Decimal(order['charged']):.2f}", (one, body)
    seen = _resolved(FRESHBOOKS.read(document).fields, taxes)
    expected = FRESHBOOKS.expected(fields, creating=True)
    assert {name: seen[name] for name in ("lines", "discount_percent")} == {
        name: expected[name] for name in ("lines", "discount_percent")
    }
    kept = _mirrored(fields, books, taxes)
    _compare(document, kept, one.currency, taxes, proof)
    _paid(document, kept, one.currency, Random(one.number), proof)


def _paid(document: Fields, kept: Fields, currency: str, random: Random, proof: Proof) -> None:
    """The same payments on both sides; at Books in whatever order they arrive."""
    total = Decimal(document["amount"]["amount"])
    amounts = payments(total, UNITS.get(currency, Decimal("0.01")), random)
    bodies = [_payment_body(amount, currency) for amount in amounts]
    random.shuffle(bodies)
    ours, theirs = FreshBooks.paid(document, amounts), Books.paid(kept, bodies)
    assert ours == theirs, (document["invoice_number"], amounts, ours, theirs)
    proof.payments += len(amounts)
    proof.open_at_freshbooks[currency] += ours[0] - ours[1]  # type: ignore[assignment] # exact sums
    proof.open_at_books[currency] += theirs[0] - theirs[1]  # type: ignore[assignment]


def _payment_body(amount: Decimal, currency: str) -> Fields:
    document = {"id": 1, "invoiceid": 1, "amount": {"amount": f"{amount:.2f}", "code": currency}}
    fields = {**PAYMENT.read({**document, "vis_state": 0}).fields, "invoice": "entity:1"}
    return BOOKS_PAYMENT.write(
        fields, fields, creating=True, reference=None, resolve=lambda name: name.removeprefix("entity:")
    )


def _mirrored(fields: Fields, books: Books, taxes: TaxTable) -> Fields:
    """The invoice as Books keeps it, which must read back as what was meant."""
    body = BOOKS.write(
        fields, fields, creating=True, reference=None, resolve=taxes.resolve, lookup=taxes.lookup
    )
    kept = books.keep(body, fields["currency"])
    seen, expected = _resolved(BOOKS.read(kept).fields, taxes), BOOKS.expected(fields, creating=True)
    assert seen["lines"] == expected["lines"], (seen["lines"], expected["lines"])
    assert seen["discount_percent"] == expected["discount_percent"]
    return kept


def _compare(document: Fields, kept: Fields, currency: str, taxes: TaxTable, proof: Proof) -> None:
    ours, theirs = Decimal(document["amount"]["amount"]), Decimal(str(kept["total"]))
    proof.add(currency, ours, theirs)
    if ours != theirs:
        proof.unequal.append(f"{document['invoice_number']}: {ours} | {theirs}")
    differences = explain_difference(
        money_document(FRESHBOOKS, _resolved(FRESHBOOKS.read(document).fields, taxes), taxes.lookup),
        money_document(BOOKS, _resolved(BOOKS.read(kept).fields, taxes), taxes.lookup),
    )
    if differences:
        proof.rounded += 1
        for each in differences:
            proof.named[_kind(each)] += 1


def _resolved(fields: Fields, taxes: TaxTable) -> Fields:
    lines = [
        in_order({**line, **{name: taxes.entity_named(line[name]) for name in ("tax", "second_tax")}})
        for line in fields["lines"]
    ]
    return {**fields, "lines": lines}


def _kind(difference: Difference) -> str:
    return f"{difference.where.partition(' ')[0].partition('[')[0]}: {difference.cause}"


def _class(refused: MappingError) -> str:
    text = str(refused).partition(": ")[2].partition(":")[0]
    words = (word for word in text.split() if not any(digit.isdigit() for digit in word))
    return " ".join(words)
