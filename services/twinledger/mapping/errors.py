"""Mapping: what can go wrong with a definition or with a value under it.

DefinitionError (FatalError)      a definition file is wrong: names file, field and line
MappingError    (PermanentError)  a record does not fit its definition: names the field
ValueFault      (ValueError)      one value does not fit; never leaves this package
"""

from __future__ import annotations

from typing import Literal

from twinledger.kernel.errors import FatalError, PermanentError

__all__ = ["DefinitionError", "MappingError", "ValueFault"]


class ValueFault(ValueError):
    """Raised by value functions; the lens that knows the field turns it into a MappingError.

    `at` is filled from the inside out while it travels: "quantity", then "[2].quantity".
    """

    def __init__(self, message: str, at: str = "") -> None:
        super().__init__(message)
        self.at = at


class MappingError(PermanentError):
    """One record cannot be mapped or decoded. The message never holds the value."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        external_id: str | None = None,
        error_class: Literal["mapping", "undecodable"] = "mapping",
    ) -> None:
        super().__init__(message, error_class=error_class, field=field, external_id=external_id)


class DefinitionError(FatalError):
    """A definition cannot be used; the process that needs it must not start."""

    def __init__(self, message: str, *, file: str, field: str = "", line: int | None = None) -> None:
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: {field}: {message}" if field else f"{place}: {message}")
        self.file = file
        self.field = field
        self.line = line
