"""Sandbox, Zoho People: reads `inputData`: JSON with single quotes and bare keys (5.1)."""

import re
from typing import Any

import orjson

__all__ = ["LooseError", "parse_loose"]

TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[{}\[\]:,])|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'"""
    r"""|(?P<bare>[^{}\[\]:,'"\s][^{}\[\]:,'"]*))""",
    re.S,
)
WORDS = {"true": True, "false": False, "null": None}
DEEPEST = 20


class LooseError(ValueError):
    """Not even loosely JSON."""


def parse_loose(source: str) -> Any:
    try:
        return orjson.loads(source)
    except orjson.JSONDecodeError:
        reader = _Reader(_tokens(source))
        value = reader.value(0)
        if reader.left():
            raise LooseError("text after the end") from None
        return value


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while position < len(source.rstrip()):
        match = TOKEN.match(source, position)
        if match is None or match.lastgroup is None:
            raise LooseError(f"cannot read at {position}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def left(self) -> bool:
        return self._next < len(self._tokens)

    def _take(self) -> tuple[str, str]:
        if not self.left():
            raise LooseError("ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _sees(self, mark: str) -> bool:
        found = self.left() and self._tokens[self._next] == ("mark", mark)
        self._next += found
        return found

    def value(self, depth: int) -> Any:
        kind, word = self._take()
        if depth > DEEPEST:
            raise LooseError("too deep")
        if (kind, word) == ("mark", "{"):
            return self._object(depth)
        if (kind, word) == ("mark", "["):
            return self._array(depth)
        if kind == "mark":
            raise LooseError(f"unexpected {word}")
        return _plain(word) if kind == "bare" else _unescaped(word)

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._sees("}"):
            kind, key = self._take()
            if kind == "mark" or not self._sees(":"):
                raise LooseError("a key and a colon were expected")
            found[key.strip()] = self.value(depth + 1)
            if not self._sees(","):
                if not self._sees("}"):
                    raise LooseError("a comma was expected")
                break
        return found

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not self._sees("]"):
            found.append(self.value(depth + 1))
            if not self._sees(","):
                if not self._sees("]"):
                    raise LooseError("a comma was expected")
                break
        return found


def _plain(word: str) -> Any:
    word = word.strip()
    return WORDS.get(word, word)


def _unescaped(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word, flags=re.S)
