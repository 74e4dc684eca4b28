"""What FreshBooks invoices and credit notes share: a client whose name and address are copied and frozen."""

from typing import Any

from ..call import Change
from .errors import Detail
from .lines import parse_lines
from .resource import Record, Resource

__all__ = ["ClientDocument", "parse_lines_of"]

COPIED = {
    "organization": "organization",
    "fname": "fname",
    "lname": "lname",
    "street": "p_street",
    "street2": "p_street2",
    "city": "p_city",
    "province": "p_province",
    "code": "p_code",
    "country": "p_country",
    "vat_name": "vat_name",
    "vat_number": "vat_number",
}


class ClientDocument(Resource):
    client_key = "clientid"

    def check(self, change: Change, values: Record, before: Record | None) -> list[Detail]:
        details: list[Detail] = []
        client_id = values.get(self.client_key)
        if client_id is not None:
            client = self.vendor.clients.table.get(str(client_id))
            if client is None:
                details.append(Detail(1012, "Client not found.", self.client_key, self.name, str(client_id)))
            elif client["vis_state"] == 1 and before is None:
                details.append(
                    Detail(1011, "Client has been deleted.", self.client_key, self.name, str(client_id))
                )
        if "lines" in values:
            currency = str(
                values.get("currency_code") or (before or {}).get("currency_code") or self.vendor.currency
            )
            values["lines"], wrong = parse_lines_of(self, values["lines"], currency)
            details += wrong
        return details

    def complete(self, change: Change, record: Record, values: Record, before: Record | None) -> None:
        client = self.vendor.clients.table.get(str(record[self.client_key])) or {}
        if before is None:
            for key, source in COPIED.items():
                if record.get(key) is None:
                    record[key] = client.get(source)
        if not record["currency_code"]:
            record["currency_code"] = client.get("currency_code") or self.vendor.currency
        if record["lines"] is None:
            record["lines"] = []


def parse_lines_of(
    resource: Resource, given: Any, currency: str
) -> tuple[list[dict[str, Any]], list[Detail]]:
    return parse_lines(given, currency=currency, numbers=resource.vendor.tax_numbers())
