"""Mapping: YAML text -> plain data that remembers its lines.

Stricter than YAML 1.1: `on` and `no` are texts (a flow has `on:`, Norway is NO), dates stay texts,
numbers are exact, a key given twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from twinledger.mapping.errors import DefinitionError

__all__ = ["Problem", "Source", "load_yaml"]

Model = TypeVar("Model", bound=BaseModel)


class Problem(ValueError):
    """Something is wrong at a place of a definition, for example ("fields", "email", "apply")."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file: its data and the line of every node."""

    file: str
    data: Any
    lines: dict[tuple[Hashable, ...], int] = field(default_factory=dict)

    def parse(self, model: type[Model]) -> Model:
        """The data as a pydantic model; what is wrong is told with its line."""
        try:
            return model.model_validate(self.data)
        except ValidationError as exc:
            errors = exc.errors()
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise self.error(errors[0]["msg"] + more, errors[0]["loc"]) from exc

    def error(self, message: str, place: Sequence[Hashable]) -> DefinitionError:
        """The error to raise for what is wrong at `place`."""
        known: tuple[Hashable, ...] = ()
        named: list[str] = []
        for part in place:
            if isinstance(part, str) and part.startswith("<"):
                continue  # names the kind of statement, not a key of the file
            named.append(f"[{part}]" if isinstance(part, int) else f".{part}" if named else str(part))
            if (*known, part) in self.lines:
                known = (*known, part)
        return DefinitionError(message, file=self.file, field="".join(named), line=self.lines.get(known))


def load_yaml(path: Path, shown_as: str | None = None) -> Source:
    """Parse one file."""
    file = shown_as or str(path)
    loader = _Loader(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        source = Source(file, None)
        return Source(file, _build(loader, node, (), source), source.lines)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        raise DefinitionError(str(exc.problem or exc.context), file=file, line=line) from exc
    except yaml.YAMLError as exc:
        raise DefinitionError("not YAML: " + type(exc).__name__, file=file) from exc
    finally:
        loader.dispose()


def _build(loader: _Loader, node: yaml.Node | None, place: tuple[Hashable, ...], source: Source) -> Any:
    if node is None:
        return None
    source.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, item, (*place, index), source) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    built: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        source.lines[(*place, key)] = key_node.start_mark.line + 1
        if key in built:
            raise source.error(f"the key {key!r} is given twice", (*place, key))
        built[key] = _build(loader, value_node, (*place, key), source)
    return built


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain scalars as YAML 1.2 reads them, decimals exact."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (the library's own shape)


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(loader.construct_scalar(node))


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|)\Z"), ["~", "n", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+\Z"), list("-0123456789")
)
_Loader.add_constructor("tag:yaml.org,2002:float", _exact)
