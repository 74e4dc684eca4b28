"""Sandbox: the world, its vendors and one ASGI application for each host. No port, no process, no file.

`program.py` serves them on sockets; a test may call them in its own loop, on its own clock.
"""

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .admin import PREFIX, Admin
from .business import make_business
from .clock import RealClock, VirtualClock, make_clock
from .gateway import Gateway
from .openapi import describe_routes
from .options import Options
from .plugin import Vendor
from .randomness import Randomness
from .router import Router
from .switches import SwitchError, Switches
from .world import SITES, World

__all__ = ["HOSTS", "Simulators"]

HOSTS = (
    "admin",
    "freshbooks.api",
    "freshbooks.auth",
    *(f"zoho.{site}.{part}" for site in SITES for part in ("accounts", "api", "people")),
)


class Simulators:
    """Seeded as the options say, unless a state file will be read."""

    def __init__(
        self,
        options: Options,
        urls: Mapping[str, str],
        *,
        clock: RealClock | VirtualClock | None = None,
        extra: Sequence[Callable[[World], Vendor]] = (),
    ) -> None:
        self._options, self._urls = options, dict(urls)
        self.world = World(
            clock or make_clock(options.clock),
            Randomness(options.seed),
            Switches(dict(options.switches)),
            self._urls,
        )
        for package in options.vendors:
            self.world.vendors += _vendors_of(package, self.world)
        self.world.vendors += [make(self.world) for make in extra]
        unknown = self.world.switches.unknown()
        if unknown:
            raise SwitchError(f"no switch named {', '.join(unknown)}")
        if options.state is None or not options.state.exists():
            business = make_business(options.seed, options.customers, self.world.clock.now())
            for vendor in self.world.vendors:
                vendor.seed(business)

    def describe(self) -> dict[str, Any]:
        """What the urls file says. After a restore: the grants of the file are opened here."""
        document: dict[str, Any] = {"admin": self._urls["admin"] + PREFIX}
        for vendor in self.world.vendors:
            place = document
            for name in vendor.family:
                place = place.setdefault(name, {})
            place.update(vendor.describe())
        return document

    def applications(self) -> dict[str, Any]:
        """By host."""
        routers = {host: Router() for host in HOSTS if host != "admin"}
        for vendor in self.world.vendors:
            for route in vendor.routes():
                routers[route.host].add(vendor, route)
            for host, prefix in vendor.hosts():
                routers[host].add_fallback(prefix, vendor)
        applications: dict[str, Any] = {
            "admin": Admin(self.world, self._options.state, lambda: describe_routes(self.world.vendors))
        }
        for host, router in routers.items():
            documents = {"/openapi.json": lambda host=host: describe_routes(self.world.vendors, host)}
            applications[host] = Gateway(self.world, router, documents)
        return applications


def _vendors_of(package: str, world: World) -> list[Any]:
    name = f"{__package__}.{package}"
    if importlib.util.find_spec(name) is None:
        return []
    vendors: list[Any] = importlib.import_module(name).vendors(world)
    return vendors
