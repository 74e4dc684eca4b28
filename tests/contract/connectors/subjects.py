"""What the shared suite needs to know of each connector: one object to try everything on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twinledger.connectors.base.contract import WriteCall

__all__ = ["SUBJECTS", "Subject"]


@dataclass(frozen=True)
class Subject:
    """One object of one system. `name` reads the field that tests change out of a vendor document."""

    system: str
    object: str
    kind: str
    create: Callable[[str, str], dict[str, Any]]
    change: Callable[[str], dict[str, Any]]
    act: Callable[[str], dict[str, Any]]
    name: Callable[[Mapping[str, Any]], str]
    create_method: str
    unknown_id: str
    limit: Mapping[str, int]
    limited: Sequence[str]
    fills_pages: bool = True
    """The seeded business has more of them than fit on a page."""

    def new(self, label: str, reference: str) -> WriteCall:
        return WriteCall(
            f"intent-{label}", self.object, "create", None, reference, self.create(label, reference)
        )

    def patch(self, external_id: str, label: str) -> WriteCall:
        return WriteCall(f"patch-{label}", self.object, "update", external_id, None, self.change(label))


SUBJECTS = {
    subject.system: subject
    for subject in (
        Subject(
            system="freshbooks",
            object="freshbooks.client",
            kind="client",
            create=lambda label, reference: {
                "organization": f"Org {label}",
                "fname": label,
                "email": f"{label.lower()}@harbor.example",
                "note": f"made by a test\n{reference}",
            },
            change=lambda label: {"fname": label},
            act=lambda label: {"fname": label},
            name=lambda document: str(document["fname"]),
            create_method="POST",
            unknown_id="999999999",
            limit={"minute": 1},
            limited=("rate_limited",),
        ),
        Subject(
            system="zoho_crm",
            object="zoho_crm.contact",
            kind="contact",
            create=lambda label, reference: {
                "First_Name": label,
                "Last_Name": "Moreau",
                "Email": f"{label.lower()}@harbor.example",
            },
            change=lambda label: {"First_Name": label},
            act=lambda label: {"First_Name": label},
            name=lambda document: str(document["First_Name"]),
            create_method="POST",
            unknown_id="4150000000999999999",
            limit={"credits": 1},
            limited=("day_cap", "concurrency"),
        ),
        Subject(
            system="zoho_books",
            object="zoho_books.contact",
            kind="contact",
            create=lambda label, reference: {
                "contact_name": f"Org {label}",
                "contact_type": "customer",
                "contact_persons": [
                    {"first_name": label, "last_name": "Moreau", "email": f"{label.lower()}@harbor.example"}
                ],
            },
            change=lambda label: {"contact_persons": [{"first_name": label, "last_name": "Moreau"}]},
            act=lambda label: {"company_name": label},
            name=lambda document: str(document["contact_persons"][0]["first_name"]),
            create_method="PUT",
            unknown_id="7001000000999999999",
            limit={"minute": 1},
            limited=("rate_limited",),
        ),
        Subject(
            system="zoho_inventory",
            object="zoho_inventory.item",
            kind="item",
            create=lambda label, reference: {
                "name": label,
                "rate": 12.5,
                "sku": reference,
                "product_type": "goods",
                "item_type": "sales",
            },
            change=lambda label: {"name": label},
            act=lambda label: {"name": label},
            name=lambda document: str(document["name"]),
            create_method="POST",
            unknown_id="7001000000999999999",
            limit={"minute": 1},
            limited=("rate_limited",),
            fills_pages=False,
        ),
    )
}
