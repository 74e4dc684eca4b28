"""Mapping: references by natural key, for records that a vendor names by content instead of id.

tax?name=Sales Tax&percent=5.5
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

__all__ = ["natural_key", "parse_natural_key"]

_RESERVED = {ord(character): f"%{ord(character):02X}" for character in "%&=?"}


def natural_key(entity: str, values: Mapping[str, str]) -> str:
    """Reference text; equal keys give equal texts."""
    return f"{entity}?" + "&".join(f"{name}={value.translate(_RESERVED)}" for name, value in values.items())


def parse_natural_key(reference: str) -> tuple[str, dict[str, str]] | None:
    """(entity, values), or None when the text is a reference of another form."""
    entity, mark, query = reference.partition("?")
    if not mark or "/" in entity or ":" in entity:
        return None
    pairs = (pair.partition("=") for pair in query.split("&"))
    return entity, {name: unquote(value) for name, _, value in pairs}
