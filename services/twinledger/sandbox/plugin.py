"""Sandbox: how a vendor is plugged in. README.md shows one in 20 lines.

A vendor package exposes `vendors(world) -> list[Vendor]`. It declares routes, objects, switches and seeds;
authentication, limits, faults, ledger and webhook delivery are done around its handlers by the core, once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .call import Act, Applied, Call, Refused, Reply, json_reply
from .grants import GrantBook
from .limits import Limiter, LimitSettings, Over
from .store import Table
from .webhooks import Delivery

if TYPE_CHECKING:
    from .business import Business
    from .world import World

__all__ = ["ActOperation", "ObjectKind", "Problem", "Route", "Vendor"]

ActOperation = Callable[[Act, str | None, dict[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is a template (`/contacts/{id}`); `host` names the port it lives on, as in `World.url(host)`.

    `scopes`: any one of them is enough. `cost` in credits. `secrets`: the body never enters the ledger.
    `searches`: a `lag` fault on this call conceals what is younger than the lag.
    """

    method: str
    path: str
    handler: Callable[[Call], Reply]
    host: str
    summary: str = ""
    sheet: str = ""
    scopes: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    cost: int | Callable[[Call], int] = 1
    heavy: Callable[[Call], bool] | None = None  # such calls share the pool `heavy_in_flight`, too
    public: bool = False
    limited: bool = True
    secrets: bool = False
    query: tuple[str, ...] = ()
    body: Mapping[str, Any] | None = None  # JSON Schema, for /openapi.json


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """`render` gives the record as the vendor's GET of one shows it, without the envelope.

    `acts` maps the operations of `POST /act` to functions that return the id of the record they leave behind.
    """

    name: str
    table: Table
    render: Callable[[dict[str, Any]], Any]
    deleted: Callable[[dict[str, Any]], bool] = field(default=lambda _: False)
    acts: Mapping[str, ActOperation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the core refuses a call; the vendor puts it into its own words (`Vendor.problem`).

    `kind`: no_route, method, bad_json, too_large, unauthenticated, scope, limit, fault, crash.
    """

    kind: str
    status: int
    detail: str = ""
    over: Over | None = None


class Vendor:
    """One simulated system (of one data centre). Override what differs; the defaults are plain."""

    system = "vendor"
    family: tuple[str, ...] = ()  # where `describe` goes in the urls file: ("freshbooks",) or ("zoho", "us")
    token_system: str | None = None  # the system whose `token` limit guards our tokens, if not this one
    max_body = 10 * 1024 * 1024

    def __init__(self, world: "World", *, limits: LimitSettings, grants: GrantBook) -> None:
        self.world = world
        self.grants = grants
        self.limiter: Limiter = world.limiter(self.system, limits)

    def hosts(self) -> Sequence[tuple[str, str]]:
        """(host, path prefix) pairs whose unknown paths are answered by this vendor."""
        return ()

    def routes(self) -> Sequence[Route]:
        return ()

    def kinds(self) -> Sequence[ObjectKind]:
        return ()

    def authenticate(self, call: Call) -> None:
        """Sets `call.grant` from a bearer token or refuses; the default scheme is `Bearer`."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        grant = self.grants.access(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise Refused(self.problem(call, Problem("unauthenticated", 401)))
        call.grant, call.token, call.actor = grant, token.strip(), grant.user_id

    def authorize(self, call: Call) -> None:
        """Scopes of the route against those of the grant."""
        wanted = call.route.scopes if call.route is not None else ()
        if wanted and (call.grant is None or not set(wanted) & set(call.grant.scopes)):
            raise Refused(self.problem(call, Problem("scope", 403, " ".join(wanted))))

    def problem(self, call: Call, problem: Problem) -> Reply:
        return json_reply({"error": problem.kind, "detail": problem.detail}, problem.status)

    def decorate(self, call: Call, reply: Reply) -> None:
        """Adds headers (rate limits and the like) to every answer."""

    def notify(self, applied: Applied) -> Sequence[Delivery]:
        """The webhooks one change causes, complete with signature."""
        return ()

    def seed(self, business: "Business") -> None:
        """Fills the tables from the shared business (`Table.fill`), before the first request."""

    def describe(self) -> dict[str, Any]:
        """This vendor's part of the urls file; opens a grant of its own for the file's refresh token."""
        return {}
