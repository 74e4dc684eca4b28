"""Tables: pages, ranges, filters and exact totals, compared with the plain answer over a list."""

import random
from typing import Any

import pytest

from twinledger.sandbox.indexes import Keyed, Ordered, Text
from twinledger.sandbox.store import AnyOf, Equal, Filter, Like, Range, Table, Where

Record = dict[str, Any]


def _living(record: Record) -> bool:
    return bool(record["state"] != 1)


def _table() -> Table:
    return Table(
        "thing",
        [
            Ordered("id", lambda record: record["id"], _living),
            Ordered("updated", lambda record: record["updated"], _living),
            Ordered("all", lambda record: record["id"]),
            Keyed("colour", lambda record: (record["colour"],)),
            Text("name", lambda record: record["name"]),
        ],
        id_of=lambda record: record["id"],
        order="id",
    )


def _record(dice: random.Random, number: int) -> Record:
    return {
        "id": number,
        "updated": f"2026-03-{dice.randint(1, 28):02d} 10:00:00",
        "state": dice.choice((0, 0, 0, 1)),
        "colour": dice.choice(("red", "green")),
        "name": dice.choice(("Harbor", "PIER", "Müller")),
    }


@pytest.fixture
def world() -> tuple[Table, list[Record]]:
    dice, table = random.Random(7), _table()
    records = [_record(dice, number) for number in range(1, 301)]
    table.fill(records[:150])
    for record in records[150:]:
        table.put(record)
    for number in dice.sample(range(1, 301), 60):
        records[number - 1] = _record(dice, number)
        table.put(records[number - 1])
    for number in (5, 200):
        table.remove(str(number))
    return table, [record for record in records if record["id"] not in {5, 200}]


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ([], lambda record: True),
        ([Range("updated", low="2026-03-10")], lambda record: record["updated"] >= "2026-03-10"),
        ([Range("updated", low="2026-03-27")], lambda record: record["updated"] >= "2026-03-27"),
        ([Range("updated", high="2026-03-10")], lambda record: record["updated"] < "2026-03-10"),
        ([Equal("colour", "red")], lambda record: record["colour"] == "red"),
        ([AnyOf("colour", ("red", "green"))], lambda record: True),
        ([Equal("colour", "blue")], lambda record: False),
        ([Like("name", "ier")], lambda record: record["name"] == "PIER"),
        ([Like("name", "MÜL", start=True)], lambda record: record["name"] == "Müller"),
        (
            [Equal("colour", "red"), Where(lambda record: record["id"] % 2 == 0)],
            lambda record: record["colour"] == "red" and record["id"] % 2 == 0,
        ),
    ],
)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", ["id", "updated"])
def test_pages_equal_the_plain_answer(
    world: tuple[Table, list[Record]], filters: list[Filter], holds: Any, descending: bool, order: str
) -> None:
    table, records = world
    wanted = [record for record in records if _living(record) and holds(record)]
    wanted.sort(key=lambda record: (record[order], record["id"]), reverse=descending)
    for offset in (0, 7, 290):
        page = table.select(filters, order=order, descending=descending, offset=offset, limit=20)
        assert page.ids == [str(record["id"]) for record in wanted[offset : offset + 20]]
        assert page.total == len(wanted)


def test_numbers_in_ids_sort_as_numbers() -> None:
    table = _table()
    table.fill(
        [{"id": number, "updated": "", "state": 0, "colour": "red", "name": ""} for number in (9, 10, 100)]
    )
    assert table.select(descending=False).ids == ["9", "10", "100"]


def test_a_record_read_is_a_copy() -> None:
    table = _table()
    table.put({"id": 1, "updated": "", "state": 0, "colour": "red", "name": "a"})
    record = table.get("1")
    assert record is not None
    record["name"] = "changed"
    assert (table.get("1") or {})["name"] == "a"


def test_a_page_that_follows_sees_a_write_in_between() -> None:
    table = _table()
    rows = [{"id": number, "updated": "", "state": 0, "colour": "red", "name": "a"} for number in range(1, 6)]
    table.fill(rows)
    red = [Equal("colour", "red")]
    assert table.select(red, limit=2).total == 5
    table.put(rows[4] | {"colour": "green"})
    assert table.select(red, limit=2).ids == ["4", "3"]
