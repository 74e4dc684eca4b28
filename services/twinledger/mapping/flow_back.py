"""Mapping, flows: what goes back to the trigger from the documents it gave rise to.

In: what the target says of each document    Out: fields of the trigger that we alone write
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twinledger.mapping.entity_model import JSON, EntityModel
from twinledger.mapping.flow_models import Aggregate, Back
from twinledger.mapping.flow_values import Known, Scope, aggregated, compile_value
from twinledger.mapping.paths import MISSING
from twinledger.mapping.yaml_source import Problem

__all__ = ["GiveBack", "compile_back"]

GiveBack = Callable[[Sequence[Mapping[str, Any]], Mapping[str, Any]], dict[str, JSON]]


def compile_back(given: Back | None, derived: EntityModel, trigger: EntityModel) -> GiveBack | None:
    """Fields of the trigger by documents and settings."""
    if given is None:
        return None
    known = Known(derived.fields, derived.entity)
    for name in given.gather:
        known.named(name, "gather", name)
    readers = {}
    for name, value in given.fields.items():
        if name not in trigger.fields:
            raise Problem(f"{name} is not a field of {trigger.entity}", "fields", name)
        try:
            readers[name] = compile_value(trigger.fields[name], value, known)
        except Problem as problem:
            raise Problem(str(problem), "fields", name, *problem.place) from problem

    def give_back(documents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, JSON]:
        scope = Scope(_one_of(documents, given.gather, derived), settings)
        values = {name: reader(scope) for name, reader in readers.items()}
        return {name: value for name, value in values.items() if value is not MISSING}

    return give_back


def _one_of(
    documents: Sequence[Mapping[str, Any]], gather: Mapping[str, Aggregate], model: EntityModel
) -> Mapping[str, Any]:
    if len(documents) == 1:
        return documents[0]
    return {
        name: _gathered(gather[name], [document.get(name) for document in documents], field.format)
        if name in gather
        else _common([document.get(name) for document in documents])
        for name, field in model.fields.items()
    }


def _gathered(how: Aggregate, values: Sequence[Any], format_: str) -> Any:
    """What a document comes to is not known before it was read; then the sum is not known either."""
    if how == "sum" and any(value is None for value in values):
        return None
    return aggregated(how, values, format_)


def _common(values: Sequence[Any]) -> Any:
    return values[0] if values and all(value == values[0] for value in values) else None
