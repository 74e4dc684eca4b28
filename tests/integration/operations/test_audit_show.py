"""Every value of a record traces to an observation or a rule; what scripts read keeps its shape."""

from __future__ import annotations

import re

from tests.integration.operations.conftest import WORKSPACE, Held
from tests.integration.operations.test_plan import CLIENT, new_customer

from twinledger.kernel.clock import SystemClock
from twinledger.kernel.database import transaction
from twinledger.state.records import ExternalKey
from twinledger.state.tracing import Trace, trace

CAUSE = re.compile(r"(observation [a-z_]+\.[a-z_]+|rule \S+)")


async def traced(held: Held, object_name: str, external_id: str) -> Trace:
    async with transaction(held.enrich.pool) as connection:
        found = await trace(connection, WORKSPACE, ExternalKey(object_name, external_id), newest=20)
    assert found is not None
    return found


async def test_each_value_of_an_observed_record_names_its_observation(held: Held) -> None:
    await new_customer(held)
    values = (await traced(held, CLIENT, "1")).values
    assert values and all(CAUSE.match(value["cause"]) for value in values)
    assert {value["cause"] for value in values} == {f"observation {CLIENT}/1"}


async def test_each_value_of_a_derived_record_names_the_rule(held: Held) -> None:
    """Nobody observed the invoice yet: the flow made it from the order."""
    await new_customer(held)
    line = {
        "item": None, "name": "Oven", "description": None, "quantity": "1", "unit_price": "20", "tax": None
    }  # fmt: skip
    order = {
        "number": "SO-1", "reference_number": None, "customer": f"{CLIENT}/1", "date": "2026-03-05",
        "currency": "USD", "state": "confirmed", "lines": [line], "notes": None, "total": "20",
    }  # fmt: skip
    await held.enrich.feed(held.enrich.record("zoho_books.sales_order", "50", order, at=SystemClock().now()))
    (derived,) = await held.enrich.rows("select id from entity where type = 'invoice'")
    await held.enrich.pool.execute(
        """insert into crosswalk (workspace, object, external_id, entity_id, role, status)
           values ($1, 'freshbooks.invoice', '90', $2, 'primary', 'active')""",
        WORKSPACE,
        derived["id"],
    )
    values = (await traced(held, "freshbooks.invoice", "90")).values
    assert {value["cause"] for value in values} == {"rule flow:sales-order-to-invoice"}


async def test_a_write_names_the_plan_that_let_it_pass(held: Held) -> None:
    await new_customer(held)
    plan = (await held.shown()).hash
    await held.accept(plan)
    await held.write_all()
    assert {write["plan"] for write in (await traced(held, CLIENT, "1")).writes} == {plan}


async def test_the_shape_that_scripts_rely_on(held: Held) -> None:
    await new_customer(held)
    found = await traced(held, CLIENT, "1")
    assert list(found.records[0]) == ["record", "role", "status", "linked_at", "vendor_updated_at", "read_at"]
    assert list(found.values[0]) == [
        "field", "value", "set_by", "edited_at", "version", "cause", "definition",
    ]  # fmt: skip
    assert list(found.writes[0]) == [
        "object", "op", "state", "patch", "attempt", "error_class", "error", "planned_at", "sent_at",
        "settled_at", "intent", "plan",
    ]  # fmt: skip
