"""Both vendors' own arithmetic in this process: the sandbox's, without its network and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.money.business import COUNTRIES, Bill, Position, Rate

from twinledger.connectors.zoho_books.completion import read_amount, within
from twinledger.mapping.document import decode, encode
from twinledger.mapping.functions import canonical_decimal
from twinledger.mapping.natural_keys import natural_key
from twinledger.sandbox.freshbooks.invoice_math import compute_totals
from twinledger.sandbox.freshbooks.lines import parse_lines
from twinledger.sandbox.freshbooks.wire import money, plain
from twinledger.sandbox.zoho_books.documents import DEFAULTS, HEADER
from twinledger.sandbox.zoho_books.lines import DEFAULTS as LINE_DEFAULTS
from twinledger.sandbox.zoho_books.lines import LINE, put_totals
from twinledger.sandbox.zoho_books.shape import shaped
from twinledger.sandbox.zoho_books.totals import TaxPart

__all__ = ["Books", "FreshBooks", "TaxTable"]

Record = dict[str, Any]
PRECISION = {"JPY": 0, "BHD": 3}


class TaxTable:
    """Every tax of every country, known to both sides, and the groups that Books makes of two."""

    def __init__(self) -> None:
        rates = [rate for c in COUNTRIES for rate in (c.usual, c.reduced, c.beside, c.upon)]
        self.rates = {f"entity:{at}": rate for at, rate in enumerate(rates, 7001)}
        self._entities = {rate: entity for entity, rate in self.rates.items()}
        self._by_key = {_key(rate): entity for entity, rate in self.rates.items()}

    def books_id(self, rates: Sequence[Rate]) -> str:
        return self.group([self.resolve(self._entities[rate]) for rate in rates]) if rates else ""

    def group(self, ids: Sequence[str]) -> str:
        return "".join(sorted(ids))

    def resolve(self, reference: str) -> str:
        """The id at Books; customers and items are not what is looked at here."""
        return reference.removeprefix("entity:")

    def lookup(self, reference: str) -> Mapping[str, Any]:
        rate = self.rates[reference]
        return {"name": rate.name, "percent": rate.percent, "compound": rate.compound}

    def entity_named(self, reference: str | None) -> str | None:
        """What resolving a reference amounts to in enrich."""
        if reference is None or reference.startswith("entity:"):
            return reference
        return self._by_key.get(reference) or f"entity:{reference.rpartition('/')[2]}"

    # --- as the sandbox's Books looks them up

    def parts(self, tax_id: str) -> tuple[str, str, Decimal, tuple[TaxPart, ...]]:
        found = tuple(_part(one, self.rates[f"entity:{one}"]) for one in _members(tax_id))
        kind = "tax_group" if len(found) > 1 else "compound_tax" if found[0].compound else "tax"
        return tax_id, kind, sum((part.percent for part in found), Decimal(0)), found


def _members(tax_id: str) -> list[str]:
    """Ids have four digits; that of a group is those of its taxes."""
    return [tax_id[at : at + 4] for at in range(0, len(tax_id), 4)]


def _part(tax_id: str, rate: Rate) -> TaxPart:
    return TaxPart(tax_id, rate.name, Decimal(rate.percent), rate.compound)


def _key(rate: Rate) -> str:
    return natural_key("tax", {"name": rate.name, "percent": canonical_decimal(Decimal(rate.percent))})


class FreshBooks:
    """FreshBooks documents from what a person types, or from a body that we write."""

    def __init__(self, rounding: str = "tax") -> None:
        self.rounding = rounding

    def typed(self, bill: Bill) -> Record:
        """The invoice that a person makes of it."""
        return self.keep(self.form(bill))

    def form(self, bill: Bill) -> Record:
        """Prices have cents; what is given off a line or as an amount is a line of its own."""
        lines = [line for position in bill.positions for line in self._typed_lines(position, bill.currency)]
        lines += [
            self._line(name, Decimal(1), amount, (), bill.currency)
            for name, amount in (("Shipping", bill.shipping), ("Tip", bill.adjustment))
            if amount
        ]
        percent = bill.off.removesuffix("%") if bill.off.endswith("%") else "0"
        if bill.off and percent == "0":
            rates = bill.positions[0].rates if bill.off_before_tax else ()
            lines.append(self._line("Discount", Decimal(1), -Decimal(bill.off), rates, bill.currency))
        return {
            "invoice_number": f"{bill.number:07d}",
            "lines": lines,
            "discount_value": percent,
            "currency_code": bill.currency,
        }

    def keep(self, body: Mapping[str, Any]) -> Record:
        """The invoice as FreshBooks answers it."""
        currency = body["currency_code"]
        lines, wrong = parse_lines(body["lines"], currency=currency, numbers={})
        assert not wrong, wrong
        percent = Decimal(body.get("discount_value") or "0")
        totals = compute_totals(lines, percent, rounding=self.rounding)
        return decode(
            encode(
                {
                    "id": 1,
                    "invoice_number": body.get("invoice_number"),
                    "currency_code": currency,
                    "discount_value": plain(percent),
                    "lines": lines,
                    "amount": money(totals.total, currency),
                    "outstanding": money(totals.total, currency),
                }
            )
        )

    @staticmethod
    def paid(document: Mapping[str, Any], amounts: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
        """What stays open, and the customer's credit from what was paid beyond it."""
        total = Decimal(document["amount"]["amount"])
        owed, paid, credit = max(total, Decimal(0)), Decimal(0), Decimal(0)
        for amount in amounts:
            credit += max(amount - (owed - min(paid, owed)), Decimal(0))
            paid += amount
        return total - min(paid, owed), credit

    def _typed_lines(self, position: Position, currency: str) -> list[Record]:
        lines = [self._line(position.name, position.quantity, position.price, position.rates, currency)]
        if position.off:
            gross = position.quantity * position.price
            off = (
                gross * Decimal(position.off[:-1]) / 100
                if position.off.endswith("%")
                else Decimal(position.off)
            )
            lines.append(self._line(f"Less {position.off}", Decimal(1), -off, position.rates, currency))
        return lines

    def _line(
        self, name: str, quantity: Decimal, price: Decimal, rates: Sequence[Rate], currency: str
    ) -> Record:
        line: Record = {
            "name": name,
            "qty": str(quantity),
            "unit_cost": {"amount": str(price), "code": currency},
        }
        for at, rate in enumerate(rates, 1):
            line |= {f"taxName{at}": rate.name, f"taxAmount{at}": rate.percent}
        return line | {"compounded_tax": len(rates) > 1 and rates[1].compound}


class Books:
    """Books documents; `tax_rounding` is the organization's setting."""

    def __init__(self, taxes: TaxTable, tax_rounding: str = "entity_level") -> None:
        self.taxes = taxes
        self.organization = self
        self._rounding = tax_rounding

    def choice(self, name: str) -> str:
        assert name == "tax_rounding"
        return self._rounding

    def typed(self, bill: Bill) -> Record:
        """The order that a person makes of it."""
        return self.keep(self.form(bill), bill.currency)

    def form(self, bill: Bill) -> Record:
        """A sales order with everything that its page offers."""
        on_lines = any(position.off for position in bill.positions)
        return {
            "salesorder_number": f"SO-{bill.number:07d}",
            "is_inclusive_tax": bill.shape == "inclusive",
            "discount_type": "item_level" if on_lines else "entity_level",
            "discount": "" if on_lines else bill.off,
            "is_discount_before_tax": bill.off_before_tax,
            "shipping_charge": bill.shipping,
            "adjustment": bill.adjustment,
            "line_items": [self._typed_line(position) for position in bill.positions],
        }

    def keep(self, body: Mapping[str, Any], currency: str) -> Record:
        """The document as Books answers it."""
        given = decode(encode(body))
        header = {name: value for name, value in given.items() if name in HEADER and name != "line_items"}
        record: Record = {**DEFAULTS, **shaped(HEADER, header)}
        record |= {"salesorder_id": "1", "invoice_id": "1", "currency_code": currency, "exchange_rate": 1.0}
        record |= {
            "price_precision": PRECISION.get(currency, 2),
            "salesorder_number": given.get("salesorder_number"),
        }
        record |= {"invoice_number": given.get("invoice_number")}
        record["line_items"] = [self._line(line) for line in given["line_items"]]
        put_totals(self, record)  # type: ignore[arg-type] # the two tables that it looks at
        return decode(encode(record))

    @staticmethod
    def paid(document: Mapping[str, Any], bodies: Sequence[Mapping[str, Any]]) -> tuple[Decimal, Decimal]:
        """The invoice's balance, and what stays unused, after payments as they are sent."""
        balance, unused = Decimal(str(document["total"])), Decimal(0)
        for body in bodies:
            room = {str(one["invoice_id"]): balance for one in body["invoices"]}
            applied = [read_amount(one) for one in within(body["invoices"], room, body["amount"])]
            assert all(Decimal(0) < one <= balance for one in applied)
            balance -= sum(applied, Decimal(0))
            unused += body["amount"] - sum(applied, Decimal(0))
        return balance, unused

    def _line(self, given: Record) -> Record:
        ids = given.pop("tax_ids", None)
        if ids is not None:
            given["tax_id"] = self.taxes.group(ids)
        line: Record = {**LINE_DEFAULTS, **shaped(LINE, given)}
        assert line["quantity"] >= 0, "Books takes no negative quantity"
        return line

    def _typed_line(self, position: Position) -> Record:
        sign = -1 if position.quantity < 0 else 1
        return {
            "name": position.name,
            "quantity": position.quantity * sign,
            "rate": position.price * sign,
            "discount": position.off if sign > 0 else 0,
            "tax_id": self.taxes.books_id(position.rates),
        }
