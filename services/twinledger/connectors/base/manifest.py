"""Connectors: connector.yaml, read through a model whose errors name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from twinledger.connectors.base.contract import ConnectorInfo
from twinledger.kernel.errors import FatalError

__all__ = ["Manifest", "parse_manifest"]

Operation = Literal["read", "create", "update", "state", "subscribe"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Poll(_Model):
    by: str
    overlap_s: int = Field(ge=600)


class _Reference(_Model):
    carrier: str
    probe: str


class _Object(_Model):
    """`deletes`: the vendor lists what was deleted, or only a sweep over all ids tells."""

    scopes: dict[Operation, tuple[str, ...]]
    poll: _Poll
    deletes: Literal["listed", "swept"]
    reference: _Reference


class Manifest(_Model):
    """`auth` names the folder whose auth.py speaks for the platform. `optional`: in use only where a
    workspace's connection names it."""

    system: str
    platform: str
    auth: str
    budget_group: str
    scopes: tuple[str, ...] = ()
    optional: bool = False
    objects: dict[str, _Object]

    def info(self) -> ConnectorInfo:
        objects: Mapping[str, Mapping[str, Any]] = {
            f"{self.system}.{name}": one.model_dump() for name, one in self.objects.items()
        }
        return ConnectorInfo(
            self.system, self.platform, self.budget_group, objects, self.scopes, self.optional
        )


def parse_manifest(text: str, where: str) -> Manifest:
    """A manifest that does not fit stops the process: it ships with the code."""
    try:
        return Manifest.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as exc:
        raise FatalError(f"{where}: {exc}") from exc
