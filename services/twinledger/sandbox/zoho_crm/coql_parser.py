"""Sandbox, Zoho CRM: COQL, text to tree. select ... from ... where ... group by ... order by ... limit ..."""

import re
from dataclasses import dataclass
from typing import Any

from ..call import Refused
from .answers import refuse

__all__ = ["Column", "Comparison", "Condition", "Junction", "Query", "parse", "syntax_error"]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:\\.|''|[^'\\])*')|(?P<number>-?[0-9]{1,30}(?:\.[0-9]{1,30})?)(?![\w.])|(?P<word>[A-Za-z_$][\w$.]*)"
    r"|(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,))"
)
AGGREGATES = {"count", "sum", "min", "max", "avg"}
SIGNS = {"=", "!=", "<>", ">", ">=", "<", "<="}
MOST_COLUMNS, MOST_CRITERIA, MOST_ORDERS, MOST_GROUPS, MOST_AGGREGATES = 50, 25, 10, 4, 5
MOST_ROWS, DEFAULT_ROWS, MOST_DEPTH = 2_000, 200, 50


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    aggregate: str | None = None
    alias: str | None = None

    @property
    def shown_as(self) -> str:
        return self.alias or (f"{self.aggregate.upper()}({self.name})" if self.aggregate else self.name)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`value` is a literal, a list (in), a pair (between) or None (is null)."""

    name: str
    operator: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Junction:
    operator: str  # and | or
    parts: tuple["Condition", ...]


Condition = Comparison | Junction


@dataclass(frozen=True, slots=True)
class Query:
    columns: tuple[Column, ...]
    module: str
    where: Condition | None
    groups: tuple[str, ...]
    orders: tuple[tuple[str, bool], ...]  # name, descending
    offset: int
    limit: int


def syntax_error(near: str, column: int) -> Refused:
    return refuse(
        "SYNTAX_ERROR", "error occured while parsing the query", {"line": 1, "column": column, "near": near}
    )


def _missing(clause: str) -> Refused:
    return refuse("SYNTAX_ERROR", "missing clause", {"clause": clause})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "word" else ""


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    text = text.rstrip().rstrip(";")
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise syntax_error(text[at : at + 20].strip(), at + 1)
        tokens.append(_Token(found.lastgroup, found.group(found.lastgroup), found.start(found.lastgroup) + 1))
        at = found.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def parse(text: str, *, pairwise: bool = True) -> Query:
    """`pairwise`: three conditions in a row need brackets, as in `((A and B) and C)`."""
    return _Parser(_tokens(text), pairwise).query()


class _Parser:
    def __init__(self, tokens: list[_Token], pairwise: bool) -> None:
        self._tokens = tokens
        self._at = 0
        self._pairwise = pairwise
        self._criteria = 0
        self._depth = 0

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _taken(self, *words: str) -> bool:
        ahead = self._tokens[self._at : self._at + len(words)]
        if [token.word or token.text for token in ahead] != list(words):
            return False
        self._at += len(words)
        return True

    def _wrong(self) -> Refused:
        return syntax_error(self._now.text, self._now.column)

    def _name(self) -> str:
        if self._now.kind != "word":
            raise self._wrong()
        return self._next().text

    def query(self) -> Query:
        if not self._taken("select"):
            raise _missing("select")
        columns = self._columns()
        if not self._taken("from"):
            raise _missing("from")
        module = self._name()
        where = self._condition() if self._taken("where") else None
        groups = tuple(self._names(MOST_GROUPS, "group by")) if self._taken("group", "by") else ()
        orders = self._orders() if self._taken("order", "by") else ()
        offset, limit = self._limits()
        if self._now.kind != "end":
            raise self._wrong()
        return Query(columns, module, where, groups, orders, offset, limit)

    def _columns(self) -> tuple[Column, ...]:
        columns = [self._column()]
        while self._taken(","):
            columns.append(self._column())
        _at_most(len(columns), MOST_COLUMNS, "select columns")
        _at_most(sum(each.aggregate is not None for each in columns), MOST_AGGREGATES, "aggregate functions")
        aliases = [each.alias for each in columns if each.alias]
        if len(set(aliases)) < len(aliases):
            raise refuse("DUPLICATE_ALIAS", "duplicate alias", {"alias": max(aliases, key=aliases.count)})
        return tuple(columns)

    def _column(self) -> Column:
        name = self._name()
        aggregate = None
        if self._taken("("):
            if name.lower() not in AGGREGATES:
                raise self._wrong()
            aggregate, name = name.lower(), self._name()
            if not self._taken(")"):
                raise self._wrong()
        alias = None
        if self._taken("as"):
            named = self._now.kind != "text"
            alias = self._name() if named else self._literal_text(self._next())
        return Column(name, aggregate, alias)

    def _names(self, most: int, what: str) -> list[str]:
        names = [self._name()]
        while self._taken(","):
            names.append(self._name())
        _at_most(len(names), most, what)
        return names

    def _orders(self) -> tuple[tuple[str, bool], ...]:
        orders = []
        while True:
            name = self._name()
            descending = self._taken("desc")
            if not descending:
                self._taken("asc")
            orders.append((name, descending))
            if not self._taken(","):
                _at_most(len(orders), MOST_ORDERS, "order by")
                return tuple(orders)

    def _limits(self) -> tuple[int, int]:
        """`limit 200`, `limit 0, 200` (offset, count) and `limit 200 offset 0`."""
        offset, limit = 0, DEFAULT_ROWS
        if self._taken("limit"):
            limit = self._whole()
            if self._taken(","):
                offset, limit = limit, self._whole()
        if self._taken("offset"):
            offset = self._whole()
        if limit > MOST_ROWS or limit < 1:
            details = {"limit": MOST_ROWS, "clause": "limit"}
            raise refuse("LIMIT_EXCEEDED" if limit else "INVALID_QUERY", "limit exceeded", details)
        if offset + limit > 100_000:
            raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"limit": 100_000, "clause": "offset"})
        return offset, limit

    def _whole(self) -> int:
        if self._now.kind != "number" or not self._now.text.isdigit():
            raise self._wrong()
        return int(self._next().text)

    def _condition(self) -> Condition:
        parts, operator = [self._operand()], ""
        while self._now.word in ("and", "or"):
            if len(parts) > 1 and (self._pairwise or self._now.word != operator):
                raise self._wrong()
            operator = self._next().word
            parts.append(self._operand())
        return parts[0] if len(parts) == 1 else Junction(operator, tuple(parts))

    def _operand(self) -> Condition:
        if self._now.text == "(" and self._depth < MOST_DEPTH:
            self._next()
            self._depth += 1
            inside = self._condition()
            self._depth -= 1
            if not self._taken(")"):
                raise self._wrong()
            return inside
        self._criteria += 1
        _at_most(self._criteria, MOST_CRITERIA, "criteria")
        return self._comparison()

    def _comparison(self) -> Comparison:
        name = self._name()
        if self._now.text in SIGNS:
            sign = self._next().text
            return Comparison(name, "!=" if sign == "<>" else sign, self._literal())
        if self._taken("is"):
            negated = self._taken("not")
            if not self._taken("null"):
                raise self._wrong()
            return Comparison(name, "is not null" if negated else "is null")
        negated = self._taken("not")
        prefix = "not " if negated else ""
        if self._taken("in"):
            return Comparison(name, f"{prefix}in", self._list())
        if self._taken("like"):
            return Comparison(name, f"{prefix}like", self._literal())
        if self._taken("between"):
            low = self._literal()
            if not self._taken("and"):
                raise self._wrong()
            return Comparison(name, f"{prefix}between", (low, self._literal()))
        raise refuse("SYNTAX_ERROR", "error occured while parsing the query", {"operator": self._now.text})

    def _list(self) -> list[Any]:
        if not self._taken("("):
            raise self._wrong()
        values = [self._literal()]
        while self._taken(","):
            values.append(self._literal())
        if not self._taken(")"):
            raise self._wrong()
        return values

    def _literal(self) -> Any:
        token = self._next()
        if token.kind == "text":
            return self._literal_text(token)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.word in ("true", "false"):
            return token.word == "true"
        raise syntax_error(token.text, token.column)

    def _literal_text(self, token: _Token) -> str:
        return re.sub(r"\\(.)|''", lambda found: found.group(1) or "'", token.text[1:-1])


def _at_most(given: int, most: int, what: str) -> None:
    if given > most:
        raise refuse("LIMIT_EXCEEDED", "limit exceeded", {"limit": most, "reason": what})
