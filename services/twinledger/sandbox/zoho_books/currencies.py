"""Sandbox, Zoho Books: currencies and their exchange rates (sheet 2.9)."""

from typing import Any, ClassVar

from ..call import Call, Reply
from ..plugin import Route
from .answers import refuse, success
from .listing import Columns
from .resource import Query, Record, Resource, product_of
from .shape import Shape, day, number, read_body, shaped, text, whole

__all__ = ["Currencies"]

SEEDED = (
    ("USD", "$", 2, "1"),
    ("EUR", "€", 2, "1.08"),
    ("GBP", "£", 2, "1.27"),
    ("CAD", "C$", 2, "0.73"),
    ("INR", "₹", 2, "0.012"),
    ("JPY", "¥", 0, "0.0067"),
    ("AUD", "A$", 2, "0.65"),
)


class Currencies(Resource):
    name, path, id_key = "currency", "/settings/currencies", "currency_id"
    one, many, label, scope, report, sheet = (
        "currency",
        "currencies",
        "Currency",
        "settings",
        "Currencies",
        "2.9",
    )
    created = "The currency has been added."
    updated = "The currency has been updated."
    deleted = "The currency has been deleted."
    required = ("currency_code", "currency_format")
    upsert = False
    shape: ClassVar[Shape] = {
        "currency_code": text(3),
        "currency_symbol": text(10),
        "currency_format": text(100),
        "price_precision": whole,
        "exchange_rate": number,
    }
    row = (
        "currency_id",
        "currency_code",
        "currency_name",
        "currency_symbol",
        "price_precision",
        "currency_format",
        "is_base_currency",
        "exchange_rate",
        "effective_date",
    )
    columns = Columns(exact=("currency_code",), sorts=("currency_code",), default_sort="currency_code")

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        code = str(fields.get("currency_code", record.get("currency_code", ""))).upper()
        if any(each != record["currency_id"] for each in self.table.find("=currency_code", code.casefold())):
            raise refuse(1001, f'The currency "{code}" already exists.')
        defaults: Record = {
            "currency_symbol": code,
            "currency_format": "1,234,567.89",
            "price_precision": 2,
            "exchange_rate": 1.0,
        }
        for key, value in defaults.items():
            record.setdefault(key, value)
        record.update(fields)
        record["currency_code"] = code
        record["currency_name"] = f"{code}- {record['currency_symbol']}"
        record["is_base_currency"] = code == self.organization.currency_code
        record.setdefault("effective_date", self.organization.today())

    def _custom(self, record: Record, body: Record) -> None:
        """Currencies carry no custom fields."""

    def of_code(self, code: str) -> Record:
        return self.need(self.table.find("=currency_code", code.casefold())[0])

    def chosen(self, currency_id: str, default_code: str) -> Record:
        return self.need(currency_id) if currency_id else self.of_code(default_code)

    def seed(self, moment: float) -> None:
        stamp, base = self.organization.stamp(moment), self.organization.currency_code
        rates = {code: float(rate) for code, _, _, rate in SEEDED}
        for code, symbol, precision, _ in SEEDED:
            record: Record = {
                "currency_id": self.organization.new_id(),
                "created_time": stamp,
                "last_modified_time": stamp,
                "effective_date": self.organization.today(moment),
                "price_precision": precision,
            }
            rate = round(rates[code] / rates[base], 6)
            fields = {"currency_code": code, "currency_symbol": symbol, "exchange_rate": rate}
            self.build(record, fields, {}, creating=True)
            self.table.put(record)

    def routes(self, product: Any) -> list[Route]:
        path, make = self.path + "/{id}/exchangerates", product.route
        return [
            *super().routes(product),
            make(self, "GET", path, self.rates),
            make(self, "POST", path, self.add_rate),
        ]

    def rates(self, call: Call) -> Reply:
        record = self.need(call.params["id"])
        keys = ("currency_id", "currency_code", "exchange_rate", "effective_date")
        return success(exchange_rates=[{key: record[key] for key in keys}])

    def add_rate(self, call: Call) -> Reply:
        shape = {"effective_date": day, "rate": number, "exchange_rate": number}
        fields = shaped(shape, read_body(call))
        record = self.need(call.params["id"])
        rate = fields.get("rate", fields.get("exchange_rate"))
        if not rate or rate <= 0:
            raise refuse(4, "Invalid value passed for rate")
        record["exchange_rate"] = rate
        record["effective_date"] = fields.get("effective_date") or self.organization.today()
        self.store(call, record)
        view = self.view(record["currency_id"], product_of(call))
        return success("The exchange rate has been added.", 201, exchange_rate=view)
