"""Sandbox, Zoho CRM: a module: its fields, its table with indexes, and how a record is shown.

A record is kept flat: lookups and people as ids, times as seconds, nothing for an empty field. `_deleted`
(who, when, for good) marks what lies in the recycle bin.
"""

from collections.abc import Collection, Iterable, Iterator
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

    def add(self, record_id: str, record: Record) -> None:
        if "_deleted" not in record:
            self.names[record_id] = display_name(self._module, record)

    def drop(self, record_id: str, record: Record) -> None:
        self.names.pop(record_id, None)

    def fill(self, rows: Iterable[tuple[str, Record]]) -> None:
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
        self.by_id = Ordered("id", lambda r: int(r["id"]), _live)
        self.by_created = Ordered("created", lambda r: r["Created_Time"], _live)
        self.by_modified = Ordered("modified", lambda r: r["Modified_Time"], _live)
        self.with_converted = Ordered("all", lambda r: int(r["id"]), lambda r: "_deleted" not in r)
        self.by_deleted = Ordered("deleted", lambda r: r["_deleted"]["at"], lambda r: "_deleted" in r)
        self.names = Names(api_name)
        self.values = Keyed("value", self._keys)
        self.words = Text("words", _words)
        indexes: list[Index] = [
            self.by_id,
            self.by_created,
            self.by_modified,
            self.by_deleted,
            self.names,
            self.values,
            self.words,
        ]
        if api_name == "Leads":
            indexes.append(self.with_converted)
        self.table: Table = org.world.table(
            f"zoho.{org.site}.crm.{api_name}", indexes, id_of=lambda r: r["id"], order="id"
        )

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
        return list(self.values.find((api_name, str(value).casefold())))

    def index_for(self, sort_by: str) -> Ordered:
        return {"Created_Time": self.by_created, "Modified_Time": self.by_modified}.get(sort_by, self.by_id)

    def walk(
        self, index: Ordered, since: int | None, place: Place | None, *, descending: bool, skip: int
    ) -> Iterator[str]:
        """Ids along an index, from a place on, modified at or after `since`."""
        source = index
        if since is not None and index is not self.by_modified:
            start, stop = self.by_modified.bounds(since, None, high_inclusive=False)
            source = Ordered("page", lambda r: index.keys[r["id"]])
            fresh = [each for each in self.by_modified.between(start, stop) if each in index.keys]
            source.fill((each, {"id": each}) for each in fresh)
        start, stop = 0, len(source.rows)
        if since is not None and index is self.by_modified:
            start, stop = source.bounds(since, None, high_inclusive=False)
        if place is not None and descending:
            stop = min(stop, source.rows.bisect_left((place.key, place.id)))
        elif place is not None:
            start = max(start, source.rows.bisect_right((place.key, place.id)))
        if descending:
            stop -= skip
        else:
            start += skip
        if start >= stop:
            return iter(())
        return (str(row[1]) for row in source.rows.islice(start, stop, reverse=descending))

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
