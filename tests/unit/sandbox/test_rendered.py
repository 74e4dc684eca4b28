"""Rendered rows: never older than their record, their stamp or their view."""

from typing import Any

import orjson
import pytest

from twinledger.sandbox.indexes import Ordered, Text
from twinledger.sandbox.rendered import RenderedRows
from twinledger.sandbox.store import Like, Table


@pytest.fixture
def table() -> Table:
    table = Table(
        "thing",
        [Ordered("id", lambda record: record["id"]), Text("name", lambda record: record["name"])],
        id_of=lambda record: record["id"],
        order="id",
    )
    for number in range(1, 4):
        table.put({"id": number, "name": f"thing {number}"})
    return table


class Renderer:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, record: dict[str, Any]) -> Any:
        self.calls += 1
        return record["name"]


def _names(
    rows: RenderedRows, table: Table, render: Renderer, view: str = "plain", stamp: str = "today"
) -> Any:
    return orjson.loads(orjson.dumps(rows.of(table, ["1", "2", "3"], view, stamp, render)))


def test_a_page_asked_for_twice_is_rendered_once(table: Table) -> None:
    rows, render = RenderedRows(), Renderer()
    assert _names(rows, table, render) == _names(rows, table, render) == ["thing 1", "thing 2", "thing 3"]
    assert render.calls == 3


def test_a_written_record_is_rendered_again_and_only_that(table: Table) -> None:
    rows, render = RenderedRows(), Renderer()
    _names(rows, table, render)
    table.put({"id": 2, "name": "renamed"})
    assert _names(rows, table, render) == ["thing 1", "renamed", "thing 3"]
    assert render.calls == 4


@pytest.mark.parametrize("other", [{"stamp": "tomorrow"}, {"view": "long"}])
def test_another_stamp_or_view_is_rendered_anew(table: Table, other: dict[str, str]) -> None:
    rows, render = RenderedRows(), Renderer()
    _names(rows, table, render)
    _names(rows, table, render, **other)
    assert render.calls == 6


def test_a_full_cache_forgets_the_oldest_view(table: Table) -> None:
    rows, render = RenderedRows(most_bytes=2_000), Renderer()
    _names(rows, table, render, view="first")
    _names(rows, table, render, view="second")
    _names(rows, table, render, view="second")
    assert render.calls == 6
    _names(rows, table, render, view="first")
    assert render.calls == 9


def test_a_remembered_question_follows_the_writes(table: Table) -> None:
    def found() -> list[str]:
        return table.select([Like("name", "THING")], descending=False).ids

    assert found() == ["1", "2", "3"]
    table.put({"id": 4, "name": "another Thing"})
    table.put({"id": 1, "name": "nothing like it, a stone"})
    table.remove("2")
    assert found() == ["1", "3", "4"]
    table.put({"id": 1, "name": "a stone"})
    assert found() == ["3", "4"]
    assert table.select([Like("name", "thing", start=True)]).ids == ["3"]
