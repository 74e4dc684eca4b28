"""Mapping: what the statements of all definition files have in common."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

__all__ = ["Constant", "Statement"]

Constant = bool | int | Decimal | str | None


class Statement(BaseModel):
    """A word that the language does not know is refused, with its place."""

    model_config = ConfigDict(extra="forbid", frozen=True)
