"""FreshBooks as one vendor: its parts, its words for refusals, its events, its place in the urls file."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ..business import Business
from ..call import Applied, Call, Reply
from ..grants import App
from ..limits import LimitSettings
from ..plugin import ObjectKind, Problem, Route, Vendor
from ..webhooks import Delivery
from ..world import World
from .business_resource import GONE
from .callbacks import Callbacks
from .catalogue import Items, Tasks, Taxes
from .clients import Clients
from .consent import Consent
from .credit_notes import CreditNotes
from .errors import (
    BUSINESS_FAMILIES,
    Detail,
    accounting_refusal,
    business_refusal,
    events_refusal,
    family,
    problem_reply,
)
from .expenses import Categories, Expenses
from .facts import SWITCHES
from .identity import Identity, Staff
from .invoices import DRAFT, Invoices
from .oauth import OAuth, all_scopes
from .payments import Payments
from .projects import Projects
from .purchases import BillPayments, Bills, BillVendors
from .seeding import seed_freshbooks
from .services import Services
from .time_entries import TimeEntries
from .wire import amount_of

__all__ = ["FreshBooks"]

REDIRECT = "https://twinledger.example/oauth/freshbooks"


class FreshBooks(Vendor):
    system = "freshbooks"
    family = ("freshbooks",)
    currency = "USD"
    business_name = "North Pier Design"
    owner_name = ("Dana", "Okafor")
    owner_email = "dana@northpier.example"

    def __init__(self, world: World) -> None:
        super().__init__(world, limits=LimitSettings(), grants=world.grant_book("freshbooks"))
        world.switches.declare(*SWITCHES)
        dice = world.random.stream("freshbooks.identity")
        self.account_id = "".join(
            dice.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789", k=6)
        )
        self.business_id = dice.randint(500_000, 599_999)
        self.identity_id = dice.randint(90_000, 99_999)
        self.business_uuid = world.random.uuid("freshbooks.identity")
        self.identity_uuid = world.random.uuid("freshbooks.identity")
        self.opened_at = world.clock.now() - 730 * 86_400
        self._make_parts()

    def _make_parts(self) -> None:
        self.clients = Clients(self)
        self.invoices = Invoices(self)
        self.payments = Payments(self)
        self.credit_notes = CreditNotes(self)
        self.items = Items(self)
        self.taxes = Taxes(self)
        self.tasks = Tasks(self)
        self.expenses = Expenses(self)
        self.categories = Categories(self)
        self.bill_vendors = BillVendors(self)
        self.bills = Bills(self)
        self.bill_payments = BillPayments(self)
        self.staff = Staff(self)
        self.time_entries = TimeEntries(self)
        self.projects = Projects(self)
        self.services = Services(self)
        self.callbacks = Callbacks(self)
        self.oauth = OAuth(self)
        self.consent = Consent(self)
        self.identity = Identity(self)
        self._accounting = (
            *(
                self.clients,
                self.invoices,
                self.payments,
                self.credit_notes,
                self.items,
                self.taxes,
                self.tasks,
            ),
            *(self.expenses, self.categories, self.bill_vendors, self.bills, self.bill_payments, self.staff),
        )
        self._business = (self.time_entries, self.projects, self.services)
        self._events = {each.name: each.event for each in self._accounting}
        secret = self.world.random.token("freshbooks.app", 64)
        client_id = self.world.random.token("freshbooks.app", 64)
        self.grants.apps[client_id] = App(client_id, secret, (REDIRECT,), all_scopes())
        self._app = self.grants.apps[client_id]

    # -- the plug-in's face

    def hosts(self) -> Sequence[tuple[str, str]]:
        return [("freshbooks.api", "/"), ("freshbooks.auth", "/")]

    def routes(self) -> Sequence[Route]:
        parts = (*self._accounting, *self._business, self.callbacks, self.consent, self.oauth, self.identity)
        return [route for part in parts for route in part.routes()]

    def kinds(self) -> Sequence[ObjectKind]:
        return [each.kind for each in (*self._accounting, *self._business)]

    def authorize(self, call: Call) -> None:
        """The scope of the call, then whether the account or business of the path is ours."""
        super().authorize(call)
        wrong_account = call.params.get("account_id", self.account_id) != self.account_id
        wrong_business = call.params.get("business_id", str(self.business_id)) != str(self.business_id)
        if not (wrong_account or wrong_business):
            return
        place = family(call.path)
        if place in BUSINESS_FAMILIES or place == "auth":
            raise business_refusal(404, GONE)
        if place == "events":
            raise events_refusal(404, GONE)
        raise accounting_refusal(call, 404, Detail(1012, "Resource not found.", "accountid", "account", None))

    def problem(self, call: Call, problem: Problem) -> Reply:
        if problem.kind == "scope":
            status = int(self.world.switches.get("freshbooks.scope_status"))
            return problem_reply(call, replace(problem, status=status))
        return problem_reply(call, problem)

    def decorate(self, call: Call, reply: Reply) -> None:
        cap = self.limiter.settings.minute
        if cap is not None and self.world.switches.on("freshbooks.rate_headers"):
            left = self.limiter.remaining("minute") or 0
            reset = int(self.world.clock.now() + 60)
            reply.headers += [("X-RateLimit-Limit", str(cap)), ("X-RateLimit-Remaining", str(left))]
            reply.headers.append(("X-RateLimit-Reset", str(reset)))
            if all(name != "Retry-After" for name, _ in reply.headers):
                reply.headers.append(("Retry-After", "60"))

    def notify(self, applied: Applied) -> Sequence[Delivery]:
        noun = applied.kind.name
        if not self._events.get(noun, True):
            return ()
        verbs = applied.data.get("verbs") or (applied.data.get("event") or applied.op,)
        return self.callbacks.deliveries(noun, verbs, applied.id)

    def seed(self, business: Business) -> None:
        seed_freshbooks(self, business)

    def describe(self) -> dict[str, Any]:
        grant = self.oauth.open_grant(self._app, self._app.scopes)
        return {
            "api": self.world.url("freshbooks.api"),
            "auth": self.world.url("freshbooks.auth"),
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "redirect_uri": REDIRECT,
            "refresh_token": grant.refresh_token,
            "account_id": self.account_id,
            "business_id": self.business_id,
            "business_uuid": self.business_uuid,
        }

    # -- what the parts ask of each other

    def owner(self) -> dict[str, Any]:
        first, last = self.owner_name
        return {"id": 1, "userid": 1, "fname": first, "lname": last, "email": self.owner_email}

    def tax_numbers(self) -> dict[str, str]:
        taxes = (self.taxes.table.get(each) for each in self.taxes.table)
        return {tax["name"]: tax["number"] for tax in taxes if tax is not None and tax["number"]}

    def _payments_of(self, invoice_id: int) -> list[dict[str, Any]]:
        found = (self.payments.table.get(each) for each in self.payments.table.find("invoiceid", invoice_id))
        return [each for each in found if each is not None and each["vis_state"] != 1]

    def paid_on(self, invoice_id: int) -> Decimal:
        return sum((amount_of(each["amount"]) for each in self._payments_of(invoice_id)), Decimal(0))

    def last_payment_day(self, invoice_id: int) -> str | None:
        return max((each["date"] for each in self._payments_of(invoice_id)), default=None)

    def balances(self, client_id: int, name: str) -> dict[str, Decimal]:
        """Sums per currency, zero sums left out."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        if name == "credit_balance":
            for each in self.credit_notes.table.find("clientid", client_id):
                note = self.credit_notes.table.get(each)
                if note is not None and note["vis_state"] != 1:
                    sums[note["currency_code"]] += amount_of(note["amount"]) - amount_of(note["paid"])
        else:
            for each in self.invoices.table.find("customerid", client_id):
                invoice = self.invoices.table.get(each)
                if invoice is not None and invoice["vis_state"] != 1 and self._counts(invoice, name):
                    sums[invoice["currency_code"]] += amount_of(invoice["outstanding"])
        return {code: amount for code, amount in sums.items() if amount}

    def _counts(self, invoice: dict[str, Any], name: str) -> bool:
        if name == "draft_balance":
            return bool(invoice["base_status"] == DRAFT)
        shown = self.invoices.view(dict(invoice), set())
        if name == "overdue_balance":
            return bool(shown["v3_status"] == "overdue")
        return name == "grand_total_balance" or invoice["base_status"] != DRAFT
