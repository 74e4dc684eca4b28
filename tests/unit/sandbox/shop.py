"""The smallest vendor there can be: the core's tests run against it, and the sandbox's README shows it."""

from collections.abc import Sequence
from typing import Any

import orjson

from twinledger.sandbox.call import Applied, Call, Change, Refused, Reply, json_reply
from twinledger.sandbox.grants import Grant
from twinledger.sandbox.indexes import Keyed, Ordered, Text
from twinledger.sandbox.limits import LimitSettings
from twinledger.sandbox.plugin import ObjectKind, Route, Vendor
from twinledger.sandbox.store import Equal, Table
from twinledger.sandbox.webhooks import Delivery
from twinledger.sandbox.world import World

TOKEN = "shop-token"


class Shop(Vendor):
    system = "shop"
    family = ("shop",)

    def __init__(self, world: World) -> None:
        super().__init__(world, limits=LimitSettings(minute=100), grants=world.grant_book("shop"))
        grant = self.grants.open(Grant("g1", "app", "u1", ("contacts",), None, world.clock.now()))
        self.grants.issue_access(grant, TOKEN, 3600)
        self.contact = ObjectKind(
            "contact",
            self._table(),
            render=lambda record: record,
            acts={"create": lambda act, _, fields: self.add(act, fields)},
        )

    def _table(self) -> Table:
        return self.world.table(
            "shop.contact",
            [
                Ordered("id", lambda record: int(record["contact_id"])),
                Ordered("name", lambda record: record["contact_name"].casefold()),
                Keyed("email", lambda record: [record["email"]] if record["email"] else []),
                Text("any", lambda record: f"{record['contact_name']} {record['email']}"),
            ],
            id_of=lambda record: record["contact_id"],
            order="id",
        )

    def hosts(self) -> Sequence[tuple[str, str]]:
        return [("freshbooks.api", "/shop/v1")]

    def kinds(self) -> Sequence[ObjectKind]:
        return [self.contact]

    def routes(self) -> Sequence[Route]:
        host, scopes = "freshbooks.api", ("contacts",)
        return [
            Route("GET", "/shop/v1/contacts", self.page, host, scopes=scopes, objects=("contact",)),
            Route("POST", "/shop/v1/contacts", self.post, host, scopes=scopes, objects=("contact",)),
            Route("GET", "/shop/v1/contacts/{id}", self.one, host, scopes=("secrets",), objects=("contact",)),
            Route("GET", "/shop/v1/crash", self.crash, host, public=True),
        ]

    def page(self, call: Call) -> Reply:
        email = call.arg("email")
        page = self.contact.table.select(
            [Equal("email", email)] if email else [], order="name", descending=False
        )
        rows = [orjson.Fragment(self.contact.table.raw(each)) for each in page.ids]
        return json_reply({"contacts": rows, "total": page.total})

    def post(self, call: Call) -> Reply:
        record_id = self.add(call, call.json())
        return json_reply({"contact": self.contact.table.get(record_id)}, 201)

    def one(self, call: Call) -> Reply:
        return json_reply(self.contact.table.get(call.params["id"]))

    def crash(self, call: Call) -> Reply:
        raise RuntimeError("a mistake of ours")

    def add(self, change: Change, fields: dict[str, Any]) -> str:
        if not fields.get("contact_name"):
            raise Refused(json_reply({"message": "contact_name is missing"}, 400), "contact_name is missing")
        number = self.world.counters.next("shop.id", 7_001, 2)
        return change.create(self.contact, {"contact_id": str(number), "email": "", **fields})

    def notify(self, applied: Applied) -> Sequence[Delivery]:
        return [
            Delivery(self.system, f"contact.{applied.op}", applied.id, row.uri, {}, applied.id.encode())
            for row in self.world.subscriptions.of(self.system)
        ]
