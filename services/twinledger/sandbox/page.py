"""Sandbox: what it serves, for readers: rows of `routes` and `switches`, and docs/sandbox.md as a whole."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .plugin import Route, Vendor
from .world import World

__all__ = ["describe_page", "route_rows", "switch_rows"]

VERBS = {"POST": "create", "PUT": "update", "PATCH": "change", "DELETE": "delete"}
FINANCE = ("zoho_books", "zoho_inventory", "zoho_expense")
_SECTION = re.compile(r"\b\d+(?:\.\d+)*\b")
HEAD = """\
# What the sandbox simulates

Written by `twinledger sandbox page`; a test compares. Sheet = the section of the vendor's fact sheet
(`freshbooks.md`, `zoho-crm.md`, `zoho-finance.md`) that the call follows. Switches = facts of that
section that the vendor leaves open; each has a default, `--switch NAME=VALUE` and `PUT {admin}/switches`
turn it. Each Zoho system also runs as a second data centre, `@eu`, with the same calls. What a person does
in the vendor's own web page (`POST {admin}/act`) stands under each vendor.
"""


def route_rows(vendors: Iterable[Vendor]) -> Iterator[str]:
    """What each vendor serves, after which section of its fact sheet."""
    for vendor in vendors:
        routes = vendor.routes()
        paths = {route.path for route in routes}
        for route in routes:
            objects = ",".join(route.objects)
            cells = (vendor.system, route.method, route.path, objects, _operation(route, paths), route.sheet)
            yield "\t".join(cells)


def switch_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every fact the vendors do not document."""
    for row in rows:
        yield f"{row['name']}\t{_text(row['default'])}\t{_choices(row)}\t{row['sheet']}\t{row['about']}"


def describe_page(world: World) -> Iterator[str]:
    yield HEAD
    switches = world.switches.rows()
    for vendor in world.vendors:
        if "@" not in vendor.system:
            yield from _vendor(vendor, switches)
    yield "## Switches\n"
    yield from _table(
        ("switch", "default", "takes", "sheet", "what it says"),
        (
            (
                f"`{row['name']}`",
                f"`{_text(row['default'])}`",
                _choices(row).replace(",", ", "),
                row["sheet"],
                row["about"],
            )
            for row in switches
        ),
    )


def _vendor(vendor: Vendor, switches: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    open_facts = _by_section(vendor.system, switches)
    paths = {route.path for route in vendor.routes()}
    yield f"## {vendor.system}\n"
    yield from _table(
        ("object", "operation", "call", "sheet", "switches"),
        (
            (
                ", ".join(route.objects),
                _operation(route, paths),
                f"`{route.method} {route.path}`",
                _sheet(route),
                _names(route, open_facts),
            )
            for route in sorted(vendor.routes(), key=_object_first)
        ),
    )
    acts = [f"{kind.name} ({', '.join(sorted(kind.acts))})" for kind in vendor.kinds() if kind.acts]
    if acts:
        yield f"A person's acts: {'; '.join(acts)}.\n"


def _object_first(route: Route) -> tuple[bool, tuple[str, ...]]:
    return not route.objects, route.objects


def _operation(route: Route, paths: Collection[str]) -> str:
    """The summary where it says more than the call; else the verb, and what below a record it is about."""
    if route.summary and not route.summary.startswith(f"{route.method} /"):
        return route.summary
    above, _, last = route.path.rpartition("/")
    if not last.startswith("{"):
        verb = VERBS.get(route.method, "list")
        if above not in paths and not above.endswith(("/actions", "/status")):
            return verb
        return last if route.method in {"GET", "POST"} else f"{verb} {last}"
    verb = VERBS.get(route.method, "get" if last != "{module}" else "list")
    part = above.rpartition("/")[2] if above.rpartition("/")[0] in paths else ""
    return f"{verb} {part}".rstrip()


def _sheet(route: Route) -> str:
    return route.sheet.rpartition(" ")[2] if " " in route.sheet else route.sheet


def _by_section(system: str, switches: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The finance products share what they leave open."""
    owners = (system, "zoho_books") if system in FINANCE else (system,)
    found: dict[str, list[str]] = {}
    for row in switches:
        if row["name"].partition(".")[0] in owners:
            for section in _SECTION.findall(row["sheet"]):
                found.setdefault(section, []).append(row["name"].removeprefix(f"{system}."))
    return found


def _names(route: Route, open_facts: Mapping[str, Sequence[str]]) -> str:
    sections = _SECTION.findall(route.sheet)
    return ", ".join(f"`{name}`" for section in sections for name in open_facts.get(section, ()))


def _choices(row: Mapping[str, Any]) -> str:
    return ",".join(map(_text, row["choices"])) or ("a number" if isinstance(row["default"], int) else "text")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""
