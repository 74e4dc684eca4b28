"""What a person does to a record in FreshBooks' web page: `POST {admin}/act`."""

from typing import TYPE_CHECKING, Any

from ..call import Act
from ..plugin import ActOperation
from .vis_state import ARCHIVED, DELETED, LIVING

if TYPE_CHECKING:
    from .resource import Resource

__all__ = ["acts_on"]

Record = dict[str, Any]


def acts_on(resource: "Resource") -> dict[str, ActOperation]:
    """Every resource can be typed, changed and deleted; those with a `vis_state` archived and restored."""

    def update(act: Act, record_id: str | None, fields: Record) -> str:
        resource.update(act, resource.require(act, record_id), fields)
        return str(record_id)

    acts: dict[str, ActOperation] = {
        "create": lambda act, _, fields: resource.create(act, fields),
        "update": update,
        "delete": _vis_state(resource, DELETED),
    }
    if resource.has_vis_state:
        acts |= {"archive": _vis_state(resource, ARCHIVED), "restore": _vis_state(resource, LIVING)}
    return acts


def _vis_state(resource: "Resource", wanted: int) -> ActOperation:
    def act_on(act: Act, record_id: str | None, fields: Record) -> str:
        resource.set_vis_state(act, resource.require(act, record_id), wanted)
        return str(record_id)

    return act_on
