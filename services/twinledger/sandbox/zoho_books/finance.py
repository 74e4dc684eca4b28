"""Sandbox, Zoho finance: all resources of one organization; Inventory serves the same records (sheet 3.1)."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ..call import Change
from ..world import World
from .accounts import Accounts
from .answers import refuse
from .bills import Bills
from .company import Organizations, Users
from .contacts import Contacts
from .credit_notes import CreditNotes
from .currencies import Currencies
from .custom_fields import CustomFields
from .customer_payments import CustomerPayments, Payments
from .documents import Document
from .employees import Employees
from .expenses import Expenses
from .invoices import Invoices
from .items import Items
from .journals import Journals
from .organization import Organization
from .projects import Projects
from .purchase_orders import PurchaseOrders
from .receipts import Receipts
from .resource import Record, Resource
from .salesorders import SalesOrders
from .settings_webhooks import WebhookRules, Webhooks
from .shape import ident, number
from .sums import sum_of
from .tasks import Tasks
from .taxes import Taxes, TaxGroups
from .time_entries import TimeEntries
from .totals import ZERO, dec
from .vendor_payments import VendorPayments
from .workflows import Workflows

__all__ = ["Finance"]


class Finance:
    def __init__(self, world: World, site: str) -> None:
        self.world = world
        self.organization = Organization(world, site)
        self.extensions: list[Resource] = []  # Inventory's own resources
        self.order_counters: list[Callable[[Record], None]] = []
        self.custom_fields = CustomFields(self.organization)
        self.workflows = Workflows(self)
        self.currencies = Currencies(self)
        self.organizations = Organizations(self)
        self.users = Users(self)
        self.accounts = Accounts(self)
        self.taxes = Taxes(self)
        self.tax_groups = TaxGroups(self)
        self.contacts = Contacts(self)
        self.items = Items(self)
        self.sales_orders = SalesOrders(self)
        self.invoices = Invoices(self)
        self.customer_payments = CustomerPayments(self)
        self.credit_notes = CreditNotes(self)
        self.purchase_orders = PurchaseOrders(self)
        self.bills = Bills(self)
        self.vendor_payments = VendorPayments(self)
        self.expenses = Expenses(self)
        self.receipts = world.shared(f"zoho.{site}.finance.receipts", Receipts)
        self.journals = Journals(self)
        self.projects = Projects(self)
        self.tasks = Tasks(self)
        self.time_entries = TimeEntries(self)
        self.employees = Employees(self)
        self.webhooks = Webhooks(self)
        self.webhook_rules = WebhookRules(self)

    def resources(self) -> Sequence[Resource]:
        return [each for each in vars(self).values() if isinstance(each, Resource)]

    def documents(self) -> Sequence[Document]:
        return [each for each in self.resources() if isinstance(each, Document)]

    def papers(self) -> Sequence[Document | Payments]:
        """All that names a customer or a vendor."""
        return [*self.documents(), self.customer_payments, self.vendor_payments]

    def extension(self, name: str, group: str) -> Any:
        """A resource that another product brought."""
        return next(each for each in self.extensions if (each.name, each.group) == (name, group))

    def payload_key(self, name: str) -> str:
        resources = [*self.resources(), *self.extensions]
        return next((each.one for each in resources if each.name == name), name)

    def receivable(self, contact_id: str) -> Decimal:
        return sum_of(self.invoices.table, "outstanding", contact_id)

    def payable(self, contact_id: str) -> Decimal:
        return sum_of(self.bills.table, "payable", contact_id)

    def unused_credits(self, contact_id: str) -> Decimal:
        notes = sum_of(self.credit_notes.table, "credits", contact_id)
        return notes + sum_of(self.customer_payments.table, "unused", contact_id)

    def unused_payments(self, contact_id: str) -> Decimal:
        return sum_of(self.vendor_payments.table, "unused", contact_id)

    def has_transactions(self, contact_id: str) -> bool:
        papers = self.papers()
        return any(each.table.count(f"={each.party}_id", contact_id) for each in papers)

    def move_papers(self, change: Change, source: Record, target: Record) -> None:
        for each in self.papers():
            key = f"{each.party}_id"
            for record_id in each.table.find(f"={key}", source["contact_id"]):
                record = each.need(record_id)
                record[key], record[f"{each.party}_name"] = target["contact_id"], target["contact_name"]
                each.store(change, record)

    def sub_status_words(self) -> bool:
        return self.organization.switch("order_words")

    def order_is_done(self, order: Record) -> bool:
        words = (order["shipped_status"], order["invoiced_status"], order["paid_status"])
        return words == ("fulfilled", "invoiced", "paid") and self.organization.switch("order_closes")

    def count_packages(self, order: Record) -> None:
        for count in self.order_counters:
            count(order)

    def apply_credits(self, change: Change, invoice_id: str, body: Record) -> None:
        """Credit notes and unused payments onto one invoice, all or nothing."""
        notes = [_credit(each, "creditnote_id") for each in _rows(body, "apply_creditnotes")]
        payments = [_credit(each, "payment_id") for each in _rows(body, "invoice_payments")]
        room = dec(self.invoices.need(invoice_id)["balance"])
        fits = all(dec(self.credit_notes.need(each)["balance"]) >= amount > 0 for each, amount in notes)
        fits &= all(
            dec(self.customer_payments.need(each)["unused_amount"]) >= amount > 0 for each, amount in payments
        )
        if not fits or sum((amount for _, amount in (*notes, *payments)), ZERO) > room:
            code = self.organization.code("over_allocation_code")
            raise refuse(code, "The credits applied are more than the balance.")
        for note_id, amount in notes:
            self.credit_notes.apply(change, note_id, invoice_id, float(amount))
        for payment_id, amount in payments:
            self._apply_payment(change, payment_id, invoice_id, amount)

    def _apply_payment(self, change: Change, payment_id: str, invoice_id: str, amount: Decimal) -> None:
        payment = self.customer_payments.need(payment_id)
        held = {each["invoice_id"]: dec(each["amount_applied"]) for each in payment["invoices"]}
        held[invoice_id] = held.get(invoice_id, ZERO) + amount
        rows = [{"invoice_id": each, "amount_applied": float(sum_)} for each, sum_ in held.items()]
        body = {key: payment[key] for key in ("customer_id", "payment_mode", "amount")} | {"invoices": rows}
        self.customer_payments.update(change, payment_id, body, {})


def _rows(body: Record, name: str) -> list[Record]:
    given = body.get(name)
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _credit(given: Record, key: str) -> tuple[str, Decimal]:
    return ident(key, given.get(key)), dec(number("amount_applied", given.get("amount_applied")))
