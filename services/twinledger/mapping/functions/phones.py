"""Mapping functions: phone numbers in E.164. Declared loss: how a person had grouped the digits."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import phonenumbers

from twinledger.mapping.functions.texts import read_trimmed

__all__ = ["read_phone"]


def read_phone(value: Any) -> str | None:
    """E.164 where the text is a whole international number, else the text without change."""
    text = read_trimmed(value)
    return None if text is None else _canonical(text)


@lru_cache(maxsize=16384)
def _canonical(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164} x{number.extension}" if number.extension else e164
