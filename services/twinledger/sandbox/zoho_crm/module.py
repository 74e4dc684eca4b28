"""Sandbox, Zoho CRM: a module: its fields, its table with indexes, and how a record is shown.

A record is kept flat: lookups and people as ids, times as seconds, nothing for an empty field. `_deleted`
(who, when, for good) marks what lies in the recycle bin.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..indexes import Index, Keyed, Ordered, Record, Text
from ..store import Table
from .comparing import loose
from .fields import Field
from .paging import Place

if TYPE_CHECKING:
    from .organization import Org

__all__ = ["CHECK_FIELDS", "Module", "Names"]

CHECK_FIELDS = {"Leads": "Email", "Contacts": "Email", "Accounts": "Account_Name", "Deals": "Deal_Name"}
NAME_FIELDS = {
    "Accounts": "Account_Name",
    "Deals": "Deal_Name",
    "Notes": "Note_Title",
    "Vendors": "Vendor_Name",
    "Campaigns": "Campaign_Name",
}
PERSONS = {"Leads", "Contacts"}
SCALARS = {"text", "textarea", "email", "phone", "website", "picklist", "date", "formula", "profileimage"}


class Names:
    """Record id to display name, of living records: what lookups show."""

    name = "names"

    def __init__(self, module: str) -> None:
        self._module = module
        self.names: dict[str, str] = {}
        self.dropped = 0

    def add(self, record_id: str, record: Record) -> None:
        if "_deleted" not in record:
            self.names[record_id] = display_name(self._module, record)

    def drop(self, record_id: str, record: Record) -> None:
        self.names.pop(record_id, None)
        self.dropped += 1

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
        self.names = {}
        for record_id, record in rows:
            self.add(record_id, record)


def display_name(module: str, record: Record) -> str:
    if module in PERSONS:
        return f"{record.get('First_Name') or ''} {record.get('Last_Name') or ''}".strip()
    return str(record.get(NAME_FIELDS.get(module, "Name")) or "")


def _live(record: Record) -> bool:
    return "_deleted" not in record and not record.get("Converted__s")


class Module:
    def __init__(self, org: "Org", api_name: str, number: int, fields: Iterable[Field]) -> None:
        self.org = org
        self.api_name = api_name
        self.singular = api_name.rstrip("s")
        self.number = number
        self.id = f"{org.facts.id_prefix}{2_000_000 + number:012d}"
        self.check_field = CHECK_FIELDS.get(api_name)
        self.fields: dict[str, Field] = {}
        for field in fields:
            self.add_field(field.numbered(field.id or org.next_field_id()))
        self._standard = frozenset(self.fields)
        self.table: Table = org.world.table(
            f"zoho.{org.site}.crm.{api_name}", self._indexes(), id_of=lambda r: r["id"], order="id"
        )

    def _indexes(self) -> list[Index]:
        return [
            Ordered("id", lambda r: int(r["id"]), _live),
            Ordered("created", lambda r: r["Created_Time"], _live),
            Ordered("modified", lambda r: r["Modified_Time"], _live),
            Ordered("all", lambda r: int(r["id"]), lambda r: "_deleted" not in r),  # converted leads, too
            Ordered("deleted", lambda r: r["_deleted"]["at"], lambda r: "_deleted" in r),
            Keyed("value", self._keys),
            Text("words", _words),
            Names(self.api_name),
        ]

    def ordered(self, name: str) -> Ordered:
        index = self.table.index(name)
        assert isinstance(index, Ordered)
        return index

    @property
    def names(self) -> dict[str, str]:
        """Display names of living records, by id."""
        index = self.table.index("names")
        assert isinstance(index, Names)
        return index.names

    @property
    def renames(self) -> int:
        """Grows with every change of a record that was there: its name may be another one now."""
        names = self.table.index("names")
        assert isinstance(names, Names)
        return names.dropped

    def add_field(self, field: Field) -> None:
        self.fields[field.api_name] = field

    @property
    def unique_fields(self) -> list[Field]:
        return [field for field in self.fields.values() if field.unique]

    def _keys(self, record: Record) -> list[tuple[str, Any]]:
        """Exact look-ups: the check field, e-mails, lookups and every custom field."""
        if "_deleted" in record:
            return []
        keys = []
        for name, value in record.items():
            if name in INDEXED or (name not in self._standard and name not in UNINDEXED):
                if isinstance(value, str):
                    keys.append((name, value.casefold()))
                elif isinstance(value, int):
                    keys.append((name, str(value)))
        return keys

    def indexed(self, api_name: str) -> bool:
        return api_name in INDEXED or (api_name in self.fields and api_name not in self._standard)

    def find(self, api_name: str, value: Any) -> list[str]:
        """Ids of living records with that value, letter case aside, oldest write first."""
        return self.table.find("value", (api_name, str(value).casefold()))

    def index_for(self, sort_by: str) -> Ordered:
        return self.ordered({"Created_Time": "created", "Modified_Time": "modified"}.get(sort_by, "id"))

    def walk(
        self, index: Ordered, since: int | None, place: Place | None, *, descending: bool, skip: int
    ) -> Iterator[str]:
        """Ids along an index, from a place on, modified at or after `since`."""
        modified = self.ordered("modified")
        source, all_fresh = index, since is None
        if since is not None:
            first, stop = modified.bounds(since, None, high_inclusive=False)
            if (stop - first) * 20 < len(index.rows):
                fresh = [each for each in modified.between(first, stop) if each in index.keys]
                source, all_fresh = Ordered("page", lambda r: index.keys[r["id"]]), True
                source.fill((each, {"id": each}) for each in fresh)
        start, stop = 0, len(source.rows)
        if place is not None and descending:
            stop = source.rows.bisect_left((place.key, place.id))
        elif place is not None:
            start = source.rows.bisect_right((place.key, place.id))
        if all_fresh:
            start, stop, skip = (start, stop - skip, 0) if descending else (start + skip, stop, 0)
        if stop <= start:
            return iter(())
        ids = (str(row[1]) for row in source.rows.islice(start, stop, reverse=descending))
        if not all_fresh:
            ids = (each for each in ids if modified.keys.get(each, 0) >= since)
        return islice(ids, skip, None)

    def display_name(self, record: Record) -> str:
        return display_name(self.api_name, record)

    def living(self, record_id: str) -> Record | None:
        record = self.table.get(record_id)
        return None if record is None or "_deleted" in record else record

    def show(self, record: Record, wanted: Collection[str] | None = None) -> dict[str, Any]:
        """As the API answers it; all fields, or the wanted ones (unknown names are left out)."""
        fields = self.fields
        names = fields if wanted is None else [each for each in wanted if each in fields]
        shown: dict[str, Any] = {}
        for name in names:
            field = fields[name]
            if not field.hidden:
                value = record.get(name)
                shown[name] = value if field.data_type in SCALARS and value else self.value(field, record)
        if wanted is None or "id" in wanted or self.org.switch("list_returns_id"):
            shown["id"] = record["id"]
        if wanted is None:
            shown |= {"Tag": record.get("Tag", []), "Layout": self.layout(), **self._marks()}
        elif "Tag" in wanted:
            shown["Tag"] = record.get("Tag", [])
        return shown

    def show_all(self, ids: Sequence[str], wanted: Sequence[str] | None) -> Sequence[Any]:
        """Rows of a page; beside their records they depend on names, fields and switches."""
        view = None if wanted is None else tuple(wanted)
        org, renames = self.org, tuple(each.renames for each in self.org.modules.values())
        stamp = (org.metadata_version, len(self.fields), org.world.switches.version, renames)
        render = partial(self.show, wanted=wanted)
        return org.world.rendered.of(self.table, ids, view, stamp, render)

    def value(self, field: Field, record: Record) -> Any:
        value = record.get(field.api_name)
        if field.api_name == "Full_Name":
            return display_name(self.api_name, record)
        if field.data_type == "boolean":
            return bool(value)
        if value is None:
            return None
        if field.data_type == "datetime":
            return self.org.shown(value)
        if field.data_type == "ownerlookup":
            return self.org.person(value)
        if field.data_type == "lookup":
            return self.org.lookup(field, value)
        if field.data_type == "bigint" and self.org.switch("bigint_as_text"):
            return str(value)
        return value

    def layout(self) -> dict[str, str]:
        return {
            "name": "Standard",
            "display_label": "Standard",
            "id": f"{self.id[:-6]}{9_000 + self.number:06d}",
        }

    def _marks(self) -> dict[str, Any]:
        return {
            "$currency_symbol": self.org.facts.currency_symbol,
            "$state": "save",
            "$approval_state": "approved",
            "$approved": True,
            "$editable": True,
            "$in_merge": False,
            "$has_more": {},
        }


INDEXED = {
    "Email",
    "Secondary_Email",
    "Account_Name",
    "Contact_Name",
    "Deal_Name",
    "Parent_Account",
    "Parent_Id",
}
UNINDEXED = {"id", "_deleted", "Tag", "Owner"}


def _words(record: Record) -> str:
    """Made loose as search is; a field's end is kept apart by two bars."""
    return " || ".join(
        loose(value) for name, value in record.items() if isinstance(value, str) and name not in NOT_WORDS
    )


NOT_WORDS = {"id", "Owner", "Created_By", "Modified_By"}
