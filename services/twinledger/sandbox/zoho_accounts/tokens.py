"""Sandbox, Zoho accounts: the token and scope check of every call to a Zoho product.

Each Zoho product's vendor derives from `ZohoVendor`; it only words the refusals (`problem`).
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from ..call import Call, Refused
from ..limits import LimitSettings
from ..plugin import Problem, Vendor

if TYPE_CHECKING:
    from ..world import World

__all__ = ["ZohoVendor", "satisfies"]

_WRITES = {"create", "update"}


class ZohoVendor(Vendor):
    """`Route.scopes`: any one is enough; one written `A+B` asks for both."""

    def __init__(self, world: "World", product: str, site: str, *, limits: LimitSettings) -> None:
        self.site = site
        self.product = product
        self.system = product if site == "us" else f"{product}@{site}"
        self.family = ("zoho", site)
        self.token_system = "zoho_accounts" if site == "us" else f"zoho_accounts@{site}"
        super().__init__(world, limits=limits, grants=world.grant_book(f"zoho.{site}"))

    def authenticate(self, call: Call) -> None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        accepted = {"zoho-oauthtoken"}
        if self.world.switches.on("zoho_accounts.accepts_bearer"):
            accepted.add("bearer")
        if scheme.lower() not in accepted or not token.strip():
            raise Refused(self.problem(call, Problem("unauthenticated", 401, "header")))
        grant = self.grants.access(token.strip())
        if grant is None:
            raise Refused(self.problem(call, Problem("unauthenticated", 401, "token")))
        call.grant, call.token, call.actor = grant, token.strip(), grant.user_id

    def authorize(self, call: Call) -> None:
        wanted = call.route.scopes if call.route is not None else ()
        granted = call.grant.scopes if call.grant is not None else ()
        if wanted and not any(all(satisfies(granted, part) for part in one.split("+")) for one in wanted):
            raise Refused(self.problem(call, Problem("scope", 401, " ".join(wanted))))


@lru_cache(maxsize=4096)
def satisfies(granted: tuple[str, ...], wanted: str) -> bool:
    """`X.group.ALL` covers its operations, `X.modules.ALL` every module, `fullaccess` a whole service."""
    return any(_covers(each.lower(), wanted.lower()) for each in granted)


def _covers(granted: str, wanted: str) -> bool:
    if granted == wanted:
        return True
    *held, operation = granted.split(".")
    *asked, need = wanted.split(".")
    if held[1:] == ["fullaccess"]:
        return held[0] == asked[0]
    if asked[: len(held)] != held:
        return False
    return operation in ("all", need) or (operation == "write" and need in _WRITES)
