"""Sandbox, Zoho Books: contacts, one resource for customers and vendors (sheet 2.4)."""

from collections.abc import Iterable
from typing import Any

from ..call import Act, Change
from ..indexes import Keyed
from ..plugin import ActOperation, Route
from ..store import Equal, Filter, Table
from .answers import refuse
from .contact_fields import CONTACT, CONTACT_ROW, address_of, person_of
from .contact_persons import ContactPersons
from .listing import Columns, status_filter
from .resource import Action, Query, Record, Resource
from .totals import num

__all__ = ["Contacts"]

PERSON_KEYS = ("first_name", "last_name", "email", "phone", "mobile")
DEFAULTS: Record = {
    "company_name": "",
    "contact_type": "customer",
    "customer_sub_type": "business",
    "payment_terms": 0,
    "payment_terms_label": "Due on Receipt",
    "credit_limit": 0.0,
    "notes": "",
    "website": "",
    "language_code": "en",
    "is_taxable": True,
    "tax_id": "",
    "tags": [],
    "contact_persons": [],
    "status": "active",
}
LATER = (
    "contact_persons",
    "billing_address",
    "shipping_address",
    "ignore_auto_number_generation",
    "custom_fields",
)


class Contacts(Resource):
    name, path, id_key = "contact", "/contacts", "contact_id"
    one, many, label, scope, report, sheet = "contact", "contacts", "Contact", "contacts", "Contacts", "2.4"
    created = "The contact has been created"
    updated = "Contact has been updated successfully"
    deleted = "The contact has been deleted."
    required = ("contact_name",)
    shape = CONTACT
    row = CONTACT_ROW
    plain = False
    columns = Columns(
        texts=("contact_name", "company_name", "first_name", "last_name", "email", "phone"),
        exact=("contact_type", "status"),
        sorts=("contact_name", "first_name", "last_name", "email", "created_time", "last_modified_time"),
        default_sort="contact_name",
        default_order="A",
        search=("contact_name", "company_name", "email", "phone", "contact_number"),
    )

    def extra_indexes(self) -> list[Any]:
        return [Keyed("person", _person_ids)]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        for name, value in DEFAULTS.items():
            record.setdefault(name, value if not isinstance(value, list) else [])
        self._refuse_taken_name(record, fields)
        self._number(record, fields, creating=creating)
        for name, value in fields.items():
            if name not in LATER and name not in PERSON_KEYS:
                record[name] = value
        if "contact_name" in fields and not fields["contact_name"].strip():
            raise refuse(4, "Invalid value passed for contact_name")
        record["customer_name" if record["contact_type"] == "customer" else "vendor_name"] = record[
            "contact_name"
        ]
        currency = self.finance.currencies.chosen(
            record.get("currency_id", ""), self.organization.currency_code
        )
        for name in ("currency_id", "currency_code", "currency_symbol", "price_precision"):
            record[name] = currency[name]
        for name in ("billing_address", "shipping_address"):
            if name in fields or name not in record:
                record[name] = address_of(
                    fields.get(name) or {}, record.get(name), self.organization.new_id()
                )
        self._persons(record, fields)

    def _refuse_taken_name(self, record: Record, fields: Record) -> None:
        name = fields.get("contact_name")
        if name is None:
            return
        kind = fields.get("contact_type", record["contact_type"])
        for each in self.table.find("=contact_name", name.casefold()):
            other = self.need(each)
            same_kind = other["contact_type"] == kind or not self.organization.switch("names_per_type")
            living = other["status"] == "active" or self.organization.switch("names_of_inactive")
            if each != record["contact_id"] and same_kind and living:
                raise refuse(3062, f'The {kind} "{name}" already exists. Please specify a different name.')

    def _number(self, record: Record, fields: Record, *, creating: bool) -> None:
        own = fields.get("contact_number")
        if fields.get("ignore_auto_number_generation") and creating and not own:
            raise refuse(4, "Invalid value passed for contact_number")
        if own and not fields.get("ignore_auto_number_generation") and own != record.get("contact_number"):
            raise refuse(4097, "The contact number does not match the auto-generated number.")
        if creating and not own:
            number = self.world.counters.next(f"zoho.{self.organization.site}.contact_number")
            record["contact_number"] = f"CUS-{number:05d}"

    def _persons(self, record: Record, fields: Record) -> None:
        if "contact_persons" in fields:
            self._replace_persons(record, fields["contact_persons"])
        top = {name: fields[name] for name in PERSON_KEYS if name in fields}
        if top and self.organization.switch("contact_email"):
            self._top_level_person(record, top, given="contact_persons" in fields)
        self.settle_primary(record)

    def _replace_persons(self, record: Record, given: list[Record]) -> None:
        held = {each["contact_person_id"]: each for each in record["contact_persons"]}
        kept: list[Record] = []
        for each in given:
            known = held.pop(str(each.get("contact_person_id") or ""), None)
            if each.get("contact_person_id") and known is None:
                raise self.absent("Contact person")
            kept.append(person_of(each, known, self.organization.new_id()))
        if not self.organization.switch("contact_persons_replace"):
            kept = [*held.values(), *kept]
        record["contact_persons"] = kept

    def _top_level_person(self, record: Record, top: Record, *, given: bool) -> None:
        """Named persons win over the top level; else the top level makes or changes the primary one."""
        primary = next((each for each in record["contact_persons"] if each["is_primary_contact"]), None)
        if primary is not None and not given:
            primary.update(person_of(top, primary, ""))
        elif primary is None and not record["contact_persons"] and any(top.values()):
            fresh = person_of({**top, "is_primary_contact": True}, None, self.organization.new_id())
            record["contact_persons"] = [fresh]

    def settle_primary(self, record: Record) -> None:
        """One primary person at most; the first one if nobody was named."""
        persons = record["contact_persons"]
        chosen = [each for each in persons if each["is_primary_contact"]]
        primary = chosen[-1] if chosen else (persons[0] if persons else None)
        for each in persons:
            each["is_primary_contact"] = each is primary
        record["primary_contact_id"] = primary["contact_person_id"] if primary else ""
        for name in PERSON_KEYS:
            record[name] = primary[name] if primary else ""

    def rows_depend_on(self) -> Iterable[Table]:
        finance = self.finance
        papers = (finance.invoices, finance.bills, finance.credit_notes)
        return [each.table for each in (*papers, finance.customer_payments, finance.vendor_payments)]

    def render(self, record: Record, product: str) -> Any:
        contact = record["contact_id"]
        receivable = self.finance.receivable(contact)
        payable = self.finance.payable(contact)
        credits = self.finance.unused_credits(contact)
        return {
            **record,
            "outstanding_receivable_amount": num(receivable),
            "outstanding_receivable_amount_bcy": num(receivable),
            "unused_credits_receivable_amount": num(credits),
            "outstanding_payable_amount": num(payable),
            "unused_credits_payable_amount": num(self.finance.unused_payments(contact)),
        }

    def status_filters(self, wanted: str) -> list[Filter]:
        if wanted == "Status.Duplicate" or wanted.startswith("Status.Portal") or wanted == "Status.Crm":
            return [Equal("=status", "nothing")]
        return status_filter({"active": ("active",), "inactive": ("inactive",)}, wanted)

    def check_delete(self, record: Record) -> None:
        if self.finance.has_transactions(record["contact_id"]):
            message = "The contact has transactions and cannot be deleted. Mark it as inactive instead."
            raise self.refuse_state(message)

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "active": (self._marking("active"), "The contact has been marked as active.", 200),
            "inactive": (self._marking("inactive"), "The contact has been marked as inactive.", 200),
        }

    def _marking(self, status: str) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            record = self.need(record_id)
            record["status"] = status
            self.store(change, record)

        return mark

    def act_extras(self) -> dict[str, ActOperation]:
        return {
            "archive": self.act_of(self._marking("inactive")),
            "restore": self.act_of(self._marking("active")),
            "merge": self._merge,
        }

    def _merge(self, act: Act, record_id: str | None, fields: Record) -> str:
        """`fields.into` keeps its data; the merged contact's papers move to it, and it disappears."""
        source, target = self.need(str(record_id)), self.need(str(fields.get("into") or ""))
        if source["contact_id"] == target["contact_id"]:
            raise refuse(4, "Invalid value passed for into")
        self.finance.move_papers(act, source, target)
        act.delete(self.kind, source["contact_id"])
        return str(target["contact_id"])

    def routes(self, product: Any) -> list[Route]:
        return [*super().routes(product), *ContactPersons(self).routes(product)]


def _person_ids(record: Record) -> list[str]:
    return [each["contact_person_id"] for each in record.get("contact_persons", ())]
