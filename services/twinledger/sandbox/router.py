"""Sandbox: finds the route of a path: fixed segments before `{parameters}`, one step per segment."""

from dataclasses import dataclass, field
from urllib.parse import unquote

from .plugin import Route, Vendor

__all__ = ["Match", "Router"]


@dataclass(slots=True)
class _Node:
    fixed: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    leaf: dict[str, tuple[Vendor, Route, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """`route` is None where nothing answers; `wrong_method` tells a known path from an unknown one."""

    vendor: Vendor
    route: Route | None
    params: dict[str, str]
    wrong_method: bool = False


class Router:
    """All routes of one host. A trailing slash makes no difference."""

    def __init__(self) -> None:
        self._root = _Node()
        self._fallbacks: list[tuple[str, Vendor]] = []

    def add(self, vendor: Vendor, route: Route) -> None:
        node, names = self._root, []
        for segment in _segments(route.path):
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.fixed.setdefault(segment, _Node())
        if route.method in node.leaf:
            raise ValueError(f"two routes for {route.method} {route.path}")
        node.leaf[route.method] = (vendor, route, tuple(names))

    def add_fallback(self, prefix: str, vendor: Vendor) -> None:
        self._fallbacks.append((prefix, vendor))
        self._fallbacks.sort(key=lambda each: -len(each[0]))

    def match(self, method: str, raw_path: str) -> Match | None:
        segments = _segments(raw_path)
        leaves: list[tuple[_Node, tuple[str, ...]]] = []
        self._walk(self._root, segments, 0, (), leaves, method)
        for node, values in leaves:
            if method in node.leaf:
                vendor, route, names = node.leaf[method]
                return Match(vendor, route, dict(zip(names, map(unquote, values), strict=True)))
        if leaves:
            vendor = next(iter(leaves[0][0].leaf.values()))[0]
            return Match(vendor, None, {}, wrong_method=True)
        for prefix, vendor in self._fallbacks:
            if raw_path.startswith(prefix):
                return Match(vendor, None, {})
        return None

    def _walk(
        self,
        node: _Node,
        segments: list[str],
        depth: int,
        values: tuple[str, ...],
        leaves: list[tuple[_Node, tuple[str, ...]]],
        method: str,
    ) -> bool:
        if depth == len(segments):
            if node.leaf:
                leaves.append((node, values))
            return method in node.leaf
        segment = segments[depth]
        fixed = node.fixed.get(segment)
        if fixed is not None and self._walk(fixed, segments, depth + 1, values, leaves, method):
            return True
        if node.parameter is None:
            return False
        return self._walk(node.parameter, segments, depth + 1, (*values, segment), leaves, method)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
