"""A line of a system counts only in the workspaces that it is connected in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.fakes.feeding import Enrich

from twinledger.enrich.steps.observe import NOT_CONNECTED
from twinledger.mapping.field_policy import FieldPolicy
from twinledger.mapping.sync_rule import SystemRule
from twinledger.road.outcome import Ok
from twinledger.state.connections import store_grant
from twinledger.state.sealing import LocalKeyWrapper, Sealer
from twinledger.state.workspaces import ensure_workspace

INVENTORY, BOOKS, CLIENT_SIDE = "zoho_inventory.item", "zoho_books.item", "freshbooks.item"
LAMP = {"name": "Lamp", "unit_price": "10", "sku": "L-1", "state": "active"}


def inventory_holds_items(enrich: Enrich) -> None:
    """A rule of the test's own: Inventory has items of its own, and the last word on prices."""
    definitions = enrich.pipeline.definitions
    rule = definitions.rules["item"]
    line = SystemRule(INVENTORY, "primary", None, create=True)
    policy = {**rule.policy, "unit_price": FieldPolicy("owner", "zoho_inventory")}
    changed = replace(rule, systems={**rule.systems, INVENTORY: line}, policy=policy)
    enrich.pipeline.definitions = replace(definitions, rules={**definitions.rules, "item": changed})


async def connect_zoho(enrich: Enrich, *systems: str) -> None:
    async with enrich.pool.acquire() as connection:
        await ensure_workspace(connection, "default")
        await store_grant(
            connection,
            Sealer(LocalKeyWrapper(bytes(32))),
            workspace="default",
            platform="zoho",
            account={"organization_id": "1"},
            access="a",
            refresh="r",
            expires_at=datetime.now(UTC),
            systems=systems,
        )


async def test_nothing_is_planned_for_nor_taken_from_a_system_that_is_not_connected(enrich: Enrich) -> None:
    inventory_holds_items(enrich)
    await connect_zoho(enrich)
    await enrich.feed(enrich.record(CLIENT_SIDE, "1", LAMP))
    assert [row["object"] for row in await enrich.planned()] == [BOOKS]
    (verdict,) = await enrich.feed(enrich.record(INVENTORY, "7", LAMP | {"sku": "L-2"}))
    assert verdict == NOT_CONNECTED
    assert [row["external_id"] for row in await enrich.rows("select external_id from crosswalk")] == ["1"]


async def test_what_an_absent_system_owns_belongs_to_whoever_changes_it(enrich: Enrich) -> None:
    inventory_holds_items(enrich)
    await enrich.feed(enrich.record(CLIENT_SIDE, "1", LAMP), enrich.record(BOOKS, "9", LAMP))
    await enrich.feed(enrich.record(CLIENT_SIDE, "1", LAMP | {"unit_price": "12"}))
    assert [(row["object"], row["patch"]) for row in await enrich.planned()] == [
        (BOOKS, {"unit_price": "12"})
    ]
    assert await enrich.rows("select 1 from conflict") == []


async def test_from_its_connection_on_it_holds_the_record_and_owns_its_fields(enrich: Enrich) -> None:
    inventory_holds_items(enrich)
    await enrich.feed(enrich.record(CLIENT_SIDE, "1", LAMP), enrich.record(BOOKS, "9", LAMP))
    await connect_zoho(enrich, "zoho_inventory")
    (verdict,) = await enrich.feed(enrich.record(INVENTORY, "7", LAMP))
    assert verdict == Ok(None)
    await enrich.feed(enrich.record(CLIENT_SIDE, "1", LAMP | {"unit_price": "12"}))
    back = [(row["object"], row["patch"]) for row in await enrich.planned()]
    assert back == [(CLIENT_SIDE, {"unit_price": "10"})]
    (row,) = await enrich.rows("select count(distinct entity_id) as entities from crosswalk")
    assert row == {"entities": 1}
