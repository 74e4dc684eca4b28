"""Sandbox, Zoho CRM: which record an upserted one is (sheet section 4.5).

Without `duplicate_check_fields`: the module's system field, then its unique fields. With it: the listed
fields in their order, then the remaining unique ones; a system field that is not listed plays no part.
"""

from typing import Any

from ..indexes import Record
from .answers import invalid_data
from .module import Module
from .record_rules import clean_record
from .writer import Writer

__all__ = ["Upsert"]


class Upsert:
    def __init__(self, module: Module, listed: Any, unmodified_since: int | None) -> None:
        self._module = module
        self._since = unmodified_since
        self._order = _order(module, listed)

    def apply(self, writer: Writer, given: Any, path: str) -> tuple[Record, str, str | None]:
        """The record, what was done, and the field that decided."""
        if isinstance(given, dict) and given.get("id") and self._module.org.switch("upsert_id_wins"):
            return writer.update(given["id"], given, path, self._since), "update", None
        values = clean_record(self._module, given, path, {})
        for name in self._order:
            value = values.get(name)
            if value is None:
                continue
            field = self._module.fields[name]
            found = writer.matches(name, value, case_sensitive=field.case_sensitive)
            if found:
                return writer.update(found[0], {**given, "id": found[0]}, path, self._since), "update", name
        return writer.insert(given, path), "insert", self._order[0] if self._order else None


def _order(module: Module, listed: Any) -> list[str]:
    unique = [field.api_name for field in module.unique_fields]
    if listed is None:
        return [*([module.check_field] if module.check_field else []), *unique]
    if not isinstance(listed, list):
        raise invalid_data(
            "duplicate_check_fields", "$.duplicate_check_fields", expected_data_type="jsonarray"
        ).flat()
    allowed = {*unique, module.check_field}
    for number, name in enumerate(listed):
        if name not in allowed:
            path = f"$.duplicate_check_fields[{number}]"
            raise invalid_data(
                "duplicate_check_fields", path, supported_values=sorted(filter(None, allowed))
            ).flat()
    return list(dict.fromkeys([*listed, *unique]))
