"""Two products of one organization show the same records, or the second is not connected."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from tests.fakes.clock import START
from tests.fakes.vendor import FakePermit

from twinledger.connectors.base.contract import CallPermit, Connector, Page, Read, SourceDocument
from twinledger.connectors.shared_records import not_shared
from twinledger.mapping.definitions import load_shipped

LAMP = {"item_id": "7", "name": "Lamp", "sku": "L-1", "rate": 10, "status": "active"}


@dataclass
class FakeSource:
    """Shows its items by id."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def changed_since(self, object_name: str, *_: Any) -> Page:
        return Page([], ids_to_read=[(one, None) for one in self.items if object_name.endswith(".item")])

    async def read(self, object_name: str, ids: list[str], permit: CallPermit) -> Read:
        return Read([self._document(object_name, one) for one in ids])

    def _document(self, object_name: str, one: str) -> SourceDocument:
        found = self.items.get(one)
        document = orjson.dumps(found) if found is not None else b""
        return SourceDocument(object_name, one, document, START, gone=found is None)


async def unlike(inventory: dict[str, Any], books: dict[str, Any]) -> list[str]:
    sources = {"zoho_inventory": FakeSource(inventory), "zoho_books": FakeSource(books)}
    connectors = {name: cast("Connector", SimpleNamespace(source=source)) for name, source in sources.items()}
    return await not_shared(connectors, dict.fromkeys(connectors, FakePermit()), load_shipped())


async def test_the_same_record_under_the_same_id_is_shared() -> None:
    assert await unlike({"7": LAMP}, {"7": LAMP}) == []


@pytest.mark.parametrize("books", [{}, {"7": LAMP | {"sku": "M-2"}}])
async def test_an_id_that_means_nothing_or_something_else_is_not(books: dict[str, Any]) -> None:
    assert await unlike({"7": LAMP}, books) == ["zoho_inventory.item/7"]


async def test_an_organization_without_records_says_nothing() -> None:
    assert await unlike({}, {"7": LAMP}) == []


async def test_one_product_alone_has_nothing_to_compare() -> None:
    books = cast("Connector", SimpleNamespace(source=FakeSource()))
    assert await not_shared({"zoho_books": books}, {"zoho_books": FakePermit()}, load_shipped()) == []
