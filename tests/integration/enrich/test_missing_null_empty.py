"""Missing, null and empty on each side, from the vendor's document to what the other sides are told.

Missing says nothing: nothing changes. Null and empty say that nothing is there: the value is cleared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.feeding import START, Enrich

from twinledger.mapping.lens import ObjectMapping

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Side:
    """A record of Ana on one side; `phone` is where her mobile number stands."""

    object: str
    id: str
    document: dict[str, Any]
    place: tuple[str, ...]
    cleared_by: Any

    def told(self, value: Any) -> dict[str, Any]:
        """The document with this value there; ... takes the key away."""
        return _with(self.document, self.place, value)


def _with(document: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *inner = place
    if inner:
        (person,) = document[key]
        return {**document, key: [_with(person, tuple(inner), value)]}
    rest = {name: held for name, held in document.items() if name != key}
    return rest if value is ... else {**rest, key: value}


MOBILE = "+12075550142"
SIDES = {
    side.object: side
    for side in (
        Side(
            "freshbooks.client",
            "1",
            {"id": "1", "fname": "Ana", "lname": "Ruiz", "email": "ana@x.example", "mob_phone": MOBILE},
            ("mob_phone",),
            "",
        ),
        Side(
            "zoho_crm.contact",
            "8",
            {"id": "8", "First_Name": "Ana", "Last_Name": "Ruiz", "Email": "ana@x.example", "Mobile": MOBILE},
            ("Mobile",),
            None,
        ),
        Side(
            "zoho_books.contact",
            "9",
            {
                "contact_id": "9",
                "contact_name": "Ana Ruiz",
                "contact_persons": [
                    {"first_name": "Ana", "last_name": "Ruiz", "email": "ana@x.example", "mobile": MOBILE}
                ],
            },
            ("contact_persons", "mobile"),
            "",
        ),
    )
}


def mapping_of(enrich: Enrich, side: Side) -> ObjectMapping:
    return enrich.pipeline.definitions.mappings[side.object]


async def reads(enrich: Enrich, side: Side, document: dict[str, Any], minutes: int) -> None:
    """As transform reads it: only what the document states becomes a field."""
    fields = mapping_of(enrich, side).read(document).fields
    await enrich.feed(enrich.record(side.object, side.id, fields, at=START + minutes * MINUTE))


async def known_everywhere(enrich: Enrich) -> None:
    for side in SIDES.values():
        await reads(enrich, side, side.document, 1)
    assert await enrich.planned() == []


def body_of(enrich: Enrich, side: Side, patch: dict[str, Any]) -> dict[str, Any]:
    """The request that carries the patch."""
    entity = {"name.given": "Ana", "name.family": "Ruiz", "email": "ana@x.example", **patch}
    return mapping_of(enrich, side).write(
        entity, patch, creating=False, reference=None, resolve=lambda name: name
    )


async def mobile(enrich: Enrich) -> Any:
    (entity,) = await enrich.rows("select fields from entity")
    return entity["fields"]["phones.mobile"]


@pytest.mark.parametrize("name", SIDES)
async def test_what_is_missing_changes_nothing_and_is_not_written_again(enrich: Enrich, name: str) -> None:
    await known_everywhere(enrich)
    side = SIDES[name]
    await reads(enrich, side, side.told(...), 2)
    assert await mobile(enrich) == MOBILE
    assert await enrich.planned() == []
    await reads(enrich, side, side.document, 3)
    assert await enrich.planned() == [] and await enrich.rows("select * from conflict") == []


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
@pytest.mark.parametrize("name", SIDES)
async def test_null_and_empty_clear_the_others_in_their_own_way(
    enrich: Enrich, name: str, nothing: str | None
) -> None:
    await known_everywhere(enrich)
    await reads(enrich, SIDES[name], SIDES[name].told(nothing), 2)
    assert await mobile(enrich) is None
    planned = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert planned == {other: {"phones.mobile": None} for other in SIDES if other != name}
    for other, patch in planned.items():
        side = SIDES[other]
        written: Any = body_of(enrich, side, patch)
        for step in side.place:
            written = written[0][step] if isinstance(written, list) else written[step]
        assert written == side.cleared_by


@pytest.mark.parametrize("nothing", [..., None, ""], ids=["missing", "null", "empty"])
@pytest.mark.parametrize("name", SIDES)
async def test_nothing_at_first_sight_clears_nobody_and_is_filled(
    enrich: Enrich, name: str, nothing: Any
) -> None:
    for side in SIDES.values():
        await reads(enrich, side, side.told(nothing) if side.object == name else side.document, 1)
    assert await mobile(enrich) == MOBILE
    planned = {row["object"]: row["patch"] for row in await enrich.planned()}
    assert planned == {name: {"phones.mobile": MOBILE}}
