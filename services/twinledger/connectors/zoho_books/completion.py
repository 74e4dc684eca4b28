"""Zoho Books: completes a write with what Books demands: currency ids, required fields, list ids.

A PUT without its required fields is refused, and one with a list replaces the whole list, so both
are taken from the record as it is now. Runs before the write is paid for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from twinledger.connectors.base.access import CallPermit
from twinledger.connectors.base.contract import WriteCall
from twinledger.connectors.base.reading import unless_gone
from twinledger.connectors.base.version_check import is_stale, stale
from twinledger.connectors.zoho_books.client import BooksClient
from twinledger.connectors.zoho_books.resources import RESOURCES, Resource, reference_of, stamp
from twinledger.connectors.zoho_books.tax_groups import TaxGroups
from twinledger.kernel.errors import PermanentError

__all__ = ["Completion", "completed", "within"]

_INVOICE, _PAYMENT = "zoho_books.invoice", "zoho_books.customer_payment"

_PERSON_ID = "contact_person_id"
_PERSON = (
    *(_PERSON_ID, "salutation", "first_name", "last_name", "email", "phone", "mobile"),
    *("designation", "department", "is_primary_contact"),
)
_LINE_ID = "line_item_id"
_LINE = (
    *(_LINE_ID, "item_id", "name", "description", "rate", "quantity", "unit", "discount", "tax_id"),
    *("tax_exemption_id", "item_order", "header_name", "project_id", "salesorder_item_id"),
)
_ADDRESS = (
    "attention",
    "address",
    "street2",
    "city",
    "state",
    "state_code",
    "zip",
    "country",
    "fax",
    "phone",
)
_WHOLE = frozenset(("contact_persons", "billing_address"))
_ELEMENT_IDS = {"contact_persons": _PERSON_ID, "line_items": _LINE_ID, "invoices": "invoice_id"}
_ALLOCATION = ("invoice_payment_id", "invoice_id", "amount_applied", "tax_amount_withheld")


class Completion:
    """Keeps the organization's currencies and tax groups, which change about never."""

    def __init__(self, client: BooksClient) -> None:
        self._client = client
        self._currency_ids: dict[str, str] = {}
        self._groups = TaxGroups(client)

    async def complete(self, call: WriteCall, permit: CallPermit) -> WriteCall:
        """The same call with a body that Books takes."""
        if call.phase is not None:
            return call
        resource = RESOURCES[call.object]
        body = await self._groups.put(await self._with_currency_id(call.body, permit), permit)
        looks = call.unmodified_since is not None or _is_incomplete(body, resource)
        current: Mapping[str, Any] = {}
        if call.op == "update" and call.external_id is not None and looks:
            current = await self._client.get(resource, call.external_id, permit)
            if is_stale(call, stamp(current)):
                raise stale()
            body = completed(body, current, resource)
        if call.object == _PAYMENT and "amount" in body:
            body = await self._within_balance(call, body, current, permit)
        return replace(call, body=body, whole=_WHOLE)

    async def _within_balance(
        self, call: WriteCall, body: Mapping[str, Any], current: Mapping[str, Any], permit: CallPermit
    ) -> Mapping[str, Any]:
        """What was paid beyond the invoice stays with the customer as an excess: no invoice takes more
        than it is owed, and other payments may have come first."""
        held = {str(one.get("invoice_id")): read_amount(one) for one in current.get("invoices") or ()}
        room = {}
        given = [one for one in body.get("invoices") or () if one.get("invoice_id")]
        for one in given:
            invoice_id = str(one["invoice_id"])
            invoice = await self._client.get(RESOURCES[_INVOICE], invoice_id, permit)
            room[invoice_id] = Decimal(str(invoice["balance"])) + held.get(invoice_id, Decimal(0))
            if call.op == "create" and call.reference and room[invoice_id] < read_amount(one):
                room[invoice_id] += await self._applied_before(call.reference, invoice_id, permit)
        return {**body, "invoices": within(given, room, Decimal(str(body["amount"])))}

    async def _applied_before(self, reference: str, invoice_id: str, permit: CallPermit) -> Decimal:
        """By the same create, sent before, whose answer was lost: the balance is short by what is ours, and
        the upsert would take it from the invoice again."""
        for row in await self._client.payments_of(invoice_id, permit):
            payment_id = str(row["payment_id"])
            payment = await unless_gone(self._client.get(RESOURCES[_PAYMENT], payment_id, permit))
            if payment is None:  # the balance is of another moment than this list
                raise stale()
            if reference_of(payment) == reference:
                return read_amount(row)
        return Decimal(0)

    async def _with_currency_id(self, body: Mapping[str, Any], permit: CallPermit) -> Mapping[str, Any]:
        code = body.get("currency_code")
        if code is None:
            return body
        if code not in self._currency_ids:
            rows = await self._client.currencies(permit)
            self._currency_ids = {str(row.get("currency_code")): str(row.get("currency_id")) for row in rows}
        if code not in self._currency_ids:
            raise PermanentError(
                "the organization does not use this currency",
                error_class="validation",
                field="currency_code",
            )
        rest = {key: value for key, value in body.items() if key != "currency_code"}
        return {**rest, "currency_id": self._currency_ids[code]}


def completed(body: Mapping[str, Any], current: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
    """The body, its gaps filled from the record as it is."""
    demanded = {key: _writable(key, current[key]) for key in resource.demands if key in current}
    whole = {**demanded, **body}
    if "contact_persons" in body:
        whole["contact_persons"] = _persons(body["contact_persons"], current)
    if "billing_address" in body:
        whole["billing_address"] = _address(body["billing_address"], current.get("billing_address") or {})
    if "line_items" in body:
        ids = [_only((_LINE_ID,), line) for line in current.get("line_items") or ()]
        whole["line_items"] = _over(body["line_items"], ids)
    if "invoices" in body:
        theirs = [_only(_ALLOCATION, one) for one in current.get("invoices") or ()]
        # A bookkeeper who divided it among several invoices knows better where it went than we do.
        whole["invoices"] = theirs if len(theirs) > 1 else _over(body["invoices"], theirs)
    return whole


def within(
    allocations: Sequence[Mapping[str, Any]], room: Mapping[str, Decimal], amount: Decimal
) -> list[dict[str, Any]]:
    """The allocations, each no more than its invoice has room for, all no more than the amount."""
    fitted, left = [], amount
    for one in allocations:
        applied = min(read_amount(one), room[str(one["invoice_id"])], left)
        if applied > 0:
            fitted.append({**one, "amount_applied": applied})
            left -= applied
    return fitted


def read_amount(allocation: Mapping[str, Any]) -> Decimal:
    """What an allocation applies."""
    return Decimal(str(allocation.get("amount_applied") or 0))


def _is_incomplete(body: Mapping[str, Any], resource: Resource) -> bool:
    if "billing_address" in body or any(key not in body for key in resource.demands):
        return True
    return any(id_key not in element for key, id_key in _ELEMENT_IDS.items() for element in body.get(key, ()))


def _writable(key: str, value: Any) -> Any:
    """List elements carry computed fields on a read; only what can be written goes back."""
    keys = {"line_items": _LINE, "invoices": _ALLOCATION}.get(key)
    return value if keys is None else [_only(keys, element) for element in value]


def _only(keys: Sequence[str], element: Mapping[str, Any]) -> dict[str, Any]:
    return {key: element[key] for key in keys if element.get(key) not in (None, "")}


def _persons(ours: Sequence[Mapping[str, Any]], current: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ours over theirs by position, and theirs beyond ours: a person left out would be deleted."""
    theirs = [_only(_PERSON, person) for person in current.get("contact_persons") or ()]
    return [*_over(ours, theirs), *theirs[len(ours) :]]


def _address(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Books takes an address whole; codes of a state or country that we rename would contradict it."""
    kept = {
        key: value for key, value in _only(_ADDRESS, theirs).items() if key.removesuffix("_code") not in ours
    }
    return {**kept, **ours}


def _over(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**(theirs[at] if at < len(theirs) else {}), **element} for at, element in enumerate(ours)]
