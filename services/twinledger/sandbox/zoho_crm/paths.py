"""Sandbox, Zoho CRM: a field reached from a module, through lookups: `Email`, `Account_Name.Phone`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..indexes import Record
from .fields import Field
from .module import Module

__all__ = ["FieldPath", "resolve"]

ID_FIELD = Field("id", "ID", "bigint")
USER_FIELDS = ("id", "name", "email", "first_name", "last_name", "full_name")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """`kept` gives what can be compared, `shown` what an answer holds."""

    name: str
    field: Field
    kept: Callable[[Record], Any]
    shown: Callable[[Record], Any]
    direct: bool = True


def resolve(module: Module, name: str) -> FieldPath | None:
    """None where there is no such field."""
    first, _, rest = name.partition(".")
    if first == "id" and not rest:
        return FieldPath(name, ID_FIELD, lambda r: r["id"], lambda r: r["id"])
    field = module.fields.get(first)
    if field is None:
        return None
    if not rest:
        return FieldPath(name, field, _kept(module, field), lambda r: module.value(field, r))
    if field.data_type == "ownerlookup":
        return _user_path(module, name, field, rest)
    target = module.org.modules.get(field.lookup or "")
    if field.data_type != "lookup" or target is None:
        return None
    if rest == "id":
        return FieldPath(name, ID_FIELD, lambda r: r.get(first), lambda r: r.get(first), False)
    inner = resolve(target, rest)
    if inner is None:
        return None

    def follow(read: Callable[[Record], Any]) -> Callable[[Record], Any]:
        def value(record: Record) -> Any:
            linked = target.living(record.get(first, ""))
            return None if linked is None else read(linked)

        return value

    return FieldPath(name, inner.field, follow(inner.kept), follow(inner.shown), False)


def _kept(module: Module, field: Field) -> Callable[[Record], Any]:
    if field.api_name == "Full_Name":
        return module.display_name
    if field.data_type == "boolean":
        return lambda r: bool(r.get(field.api_name))
    return lambda r: r.get(field.api_name)


def _user_path(module: Module, name: str, field: Field, rest: str) -> FieldPath | None:
    if rest not in USER_FIELDS:
        return None

    def value(record: Record) -> Any:
        user_id = record.get(field.api_name, "")
        user = module.org.users.get(user_id)
        if rest == "id" or user is None:
            return user_id or None
        return getattr(user, "full_name" if rest == "name" else rest)

    return FieldPath(name, Field(rest, rest, "text"), value, value, False)
