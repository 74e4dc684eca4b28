"""Sandbox, Zoho finance: all resources of one organization; Inventory serves the same records (sheet 3.1)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ..call import Change
from ..world import World
from .accounts import Accounts
from .company import Organizations, Users
from .contacts import Contacts
from .currencies import Currencies
from .custom_fields import CustomFields
from .customer_payments import CustomerPayments, Payments
from .documents import Document
from .invoices import Invoices
from .items import Items
from .organization import Organization
from .resource import Record, Resource
from .salesorders import SalesOrders
from .settings_webhooks import WebhookRules, Webhooks
from .taxes import Taxes, TaxGroups
from .totals import ZERO
from .workflows import Workflows

__all__ = ["Finance"]


class Finance:
    def __init__(self, world: World, site: str) -> None:
        self.world = world
        self.organization = Organization(world, site)
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
        self.webhooks = Webhooks(self)
        self.webhook_rules = WebhookRules(self)

    def resources(self) -> Sequence[Resource]:
        return [each for each in vars(self).values() if isinstance(each, Resource)]

    def documents(self) -> Sequence[Document]:
        return [each for each in self.resources() if isinstance(each, Document)]

    def papers(self) -> Sequence[Document | Payments]:
        """All that names a customer or a vendor."""
        return [*self.documents(), self.customer_payments]

    def payload_key(self, name: str) -> str:
        return next((each.one for each in self.resources() if each.name == name), name)

    def payable(self, contact_id: str) -> Decimal:
        return ZERO

    def unused_credits(self, contact_id: str) -> Decimal:
        return self.customer_payments.unused.of(contact_id)

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
        return True

    def order_is_done(self, order: Record) -> bool:
        return False

    def count_packages(self, order: Record) -> None:
        return None

    def apply_credits(self, change: Change, invoice_id: str, body: dict[str, Any]) -> None:
        return None
