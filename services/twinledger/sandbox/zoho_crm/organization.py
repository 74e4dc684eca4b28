"""Sandbox, Zoho CRM: one organization: its modules, people, ids and facts."""

from typing import Any

from ..indexes import Record
from ..world import World
from ..zoho_accounts import ORGANIZATIONS, OWNER, USERS, User
from .field_tables import SYSTEM, TABLES
from .fields import Field
from .module import Module
from .times import shown

__all__ = ["Org"]


class Org:
    """What a snapshot saves of it are the custom fields; the rest is declared or counted elsewhere."""

    def __init__(self, world: World, site: str) -> None:
        self.world = world
        self.site = site
        self.facts = ORGANIZATIONS[site]
        self.users: dict[str, User] = {self.user_id(user): user for user in USERS[site]}
        self.owner_id = next(iter(self.users))
        self._by_zuid = {user.zuid: user_id for user_id, user in self.users.items()}
        self._people = {user_id: _person(user_id, user) for user_id, user in self.users.items()}
        self._field_number = 0
        self.modules = {
            name: Module(self, name, number, _with_system(name, fields))
            for number, (name, fields) in enumerate(TABLES.items(), 1)
        }
        self.metadata_version = 0

    def user_id(self, user: User) -> str:
        return f"{self.facts.id_prefix}{user.number:012d}"

    def next_id(self) -> str:
        start = int(self.facts.id_prefix) * 10**12 + 500_001
        return str(self.world.counters.next(f"zoho.{self.site}.crm.id", start))

    def next_field_id(self) -> str:
        self._field_number += 1
        return f"{self.facts.id_prefix}{2_500 + self._field_number:012d}"

    def now(self) -> int:
        return int(self.world.clock.now())

    def switch(self, name: str) -> Any:
        return self.world.switches.get(f"zoho_crm.{name}")

    def shown(self, moment: float) -> str:
        return shown(moment, self.facts.time_zone)

    def actor(self, actor: str) -> str:
        """A grant's zuid, or the owner in person, as a user id of the CRM."""
        return self.owner_id if actor == OWNER else self._by_zuid.get(actor, self.owner_id)

    def person(self, user_id: str, *, email: bool = True) -> dict[str, str] | None:
        person = self._people.get(user_id)
        if person is None or email:
            return person
        return {"name": person["name"], "id": person["id"]}

    def lookup(self, field: Field, record_id: str) -> dict[str, Any] | None:
        """{name, id}; None once the record it points to is deleted."""
        module = self.modules.get(field.lookup or "")
        name = module.names.get(record_id) if module is not None else self.name_anywhere(record_id)
        return None if name is None else {"name": name, "id": record_id}

    def name_anywhere(self, record_id: str) -> str | None:
        module = self.module_of(record_id)
        return None if module is None else module.names[record_id]

    def module_of(self, record_id: str) -> Module | None:
        return next((each for each in self.modules.values() if record_id in each.names), None)

    def written(self, record: Record) -> dict[str, Any]:
        """Times, people and id of a record as write results show them."""
        return {
            "Modified_Time": self.shown(record["Modified_Time"]),
            "Modified_By": self.person(record["Modified_By"], email=False),
            "Created_Time": self.shown(record["Created_Time"]),
            "id": record["id"],
            "Created_By": self.person(record["Created_By"], email=False),
        }

    def dump(self) -> Any:
        return {
            name: [_saved(field) for field in module.fields.values() if field.custom]
            for name, module in self.modules.items()
        }

    def load(self, state: Any) -> None:
        for name, fields in state.items():
            for row in fields:
                self.modules[name].add_field(Field(**{**row, "choices": tuple(row["choices"])}))
                self._field_number += 1
        self.metadata_version += 1


def _person(user_id: str, user: User) -> dict[str, str]:
    return {"name": user.full_name, "id": user_id, "email": user.email}


def _with_system(name: str, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return (*fields, *SYSTEM)


def _saved(field: Field) -> dict[str, Any]:
    return {name: getattr(field, name) for name in Field.__dataclass_fields__}
