"""Sandbox, Zoho Books: persons and further addresses of a contact; they live inside its record (2.3)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply
from ..plugin import Route
from .answers import invalid, success
from .contact_fields import address_of, person_of
from .shape import read_body

if TYPE_CHECKING:
    from .contacts import Contacts

__all__ = ["ContactPersons"]

Record = dict[str, Any]


class ContactPersons:
    def __init__(self, contacts: "Contacts") -> None:
        self._contacts = contacts

    def routes(self, product: Any) -> list[Route]:
        def make(method: str, path: str, handler: Callable[[Call], Reply]) -> Route:
            route: Route = product.route(self._contacts, method, path, handler)
            return route

        person, address = "/contacts/contactpersons", "/contacts/{id}/address"
        return [
            make("POST", person, self.add),
            make("PUT", person + "/{pid}", self.change),
            make("DELETE", person + "/{pid}", self.remove),
            make("POST", person + "/{pid}/primary", self.make_primary),
            make("GET", "/contacts/{id}/contactpersons", self.page),
            make("GET", "/contacts/{id}/contactpersons/{pid}", self.read),
            make("GET", address, self.addresses),
            make("POST", address, self.add_address),
            make("PUT", address + "/{aid}", self.change_address),
            make("DELETE", address + "/{aid}", self.remove_address),
        ]

    def page(self, call: Call) -> Reply:
        persons = self._contacts.need(call.params["id"])["contact_persons"]
        context = {"page": 1, "per_page": 200, "has_more_page": False, "report_name": "Contact Persons"}
        return success(contact_persons=persons, page_context=context)

    def read(self, call: Call) -> Reply:
        contact = self._contacts.need(call.params["id"])
        return success(contact_person=self._person(contact, call.params["pid"]))

    def add(self, call: Call) -> Reply:
        body = read_body(call)
        for name in ("contact_id", "first_name"):
            if not body.get(name):
                raise invalid(name)
        contact = self._contacts.need(str(body["contact_id"]))
        fresh = person_of(body, None, self._contacts.organization.new_id())
        contact["contact_persons"].append(fresh)
        self._store(call, contact)
        return success("The contactperson has been Created", 201, contact_person=self._shown(contact, fresh))

    def change(self, call: Call) -> Reply:
        body = read_body(call)
        if not body.get("first_name"):
            raise invalid("first_name")
        contact = self._owner(call.params["pid"])
        person = self._person(contact, call.params["pid"])
        person.update(person_of(body, person, ""))
        self._store(call, contact)
        shown = self._shown(contact, person)
        return success("The contact person details has been updated.", contact_person=shown)

    def remove(self, call: Call) -> Reply:
        contact = self._owner(call.params["pid"])
        contact["contact_persons"].remove(self._person(contact, call.params["pid"]))
        self._store(call, contact)
        return success("The contact person has been deleted.")

    def make_primary(self, call: Call) -> Reply:
        contact = self._owner(call.params["pid"])
        for each in contact["contact_persons"]:
            each["is_primary_contact"] = each["contact_person_id"] == call.params["pid"]
        self._store(call, contact)
        return success("This contact person has been marked as your primary contact person.")

    def addresses(self, call: Call) -> Reply:
        contact = self._contacts.need(call.params["id"])
        own = [contact["billing_address"], contact["shipping_address"]]
        return success(addresses=[*own, *contact.get("addresses", [])])

    def add_address(self, call: Call) -> Reply:
        body, contact = read_body(call), self._contacts.need(call.params["id"])
        fresh = address_of(body, None, self._contacts.organization.new_id())
        contact.setdefault("addresses", []).append(fresh)
        self._store(call, contact)
        return success("New address has been added successfully.", 201, address_info=fresh)

    def change_address(self, call: Call) -> Reply:
        body, contact = read_body(call), self._contacts.need(call.params["id"])
        held = self._address(contact, call.params["aid"])
        held.update(address_of(body, held, ""))
        self._store(call, contact)
        return success("Address has been updated successfully.", address_info=held)

    def remove_address(self, call: Call) -> Reply:
        contact = self._contacts.need(call.params["id"])
        held = self._address(contact, call.params["aid"])
        if held not in contact.get("addresses", []):
            raise self._contacts.refuse_state("The billing and shipping addresses cannot be deleted.")
        contact["addresses"].remove(held)
        self._store(call, contact)
        return success("The address has been deleted.")

    def _owner(self, person_id: str) -> Record:
        found = self._contacts.table.find("person", person_id)
        if not found:
            raise self._contacts.absent("Contact person")
        return self._contacts.need(found[0])

    def _person(self, contact: Record, person_id: str) -> Record:
        for each in contact["contact_persons"]:
            if each["contact_person_id"] == person_id:
                found: Record = each
                return found
        raise self._contacts.absent("Contact person")

    def _address(self, contact: Record, address_id: str) -> Record:
        held = [contact["billing_address"], contact["shipping_address"], *contact.get("addresses", [])]
        for each in held:
            if each["address_id"] == address_id:
                found: Record = each
                return found
        raise self._contacts.absent("Address")

    def _shown(self, contact: Record, person: Record) -> Record:
        return {"contact_id": contact["contact_id"], **person}

    def _store(self, call: Call, contact: Record) -> None:
        self._contacts.settle_primary(contact)
        self._contacts.store(call, contact)
