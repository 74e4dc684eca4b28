"""Mapping: what a vendor does beyond the record when a value is written, such as mailing an invoice.

Never by itself: a record asks for it in its field `effects`, which flows set where a rule or a workspace says
so. The effect goes with the call that brings the value, in its place; once the value is there it cannot come
again. So a lost answer is settled by looking at the value, as for any other write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twinledger.mapping.entity_model import JSON
from twinledger.mapping.errors import ValueFault
from twinledger.mapping.field_lens import Body, Writing
from twinledger.mapping.models import EffectStatement
from twinledger.mapping.paths import parse_path, put

__all__ = ["ASKED_IN", "with_effects"]

ASKED_IN = "effects"

Emit = Callable[[Body, Writing], None]


def with_effects(effects: Mapping[str, EffectStatement], field: str, plain: Emit) -> Emit:
    """`plain`, but for records that ask for one of these."""
    if not effects:
        return plain
    places = {name: parse_path(effect.recipients.path) for name, effect in effects.items()}

    def emit(body: Body, writing: Writing) -> None:
        name: Any = writing.record.get(ASKED_IN)
        value: Any = writing.fields.get(field)
        effect = effects.get(name)
        if writing.creating or effect is None or value not in effect.bodies:
            plain(body, writing)
            return
        body.update(effect.bodies[value])
        put(body, places[name], [_address(effect, writing)])

    return emit


def _address(effect: EffectStatement, writing: Writing) -> JSON:
    to = effect.recipients
    named: Any = writing.record.get(to.of)
    known = writing.lookup(named) if writing.lookup is not None and type(named) is str else {}
    address = known.get(to.field)
    if not address:
        raise ValueFault(f"the {to.of} has no {to.field} to send it to")
    return address
