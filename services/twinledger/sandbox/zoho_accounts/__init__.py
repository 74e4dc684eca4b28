"""Sandbox: Zoho accounts, the OAuth server of each data centre; its token check serves all Zoho products."""

from ..plugin import Vendor
from ..world import SITES, World
from .sites import ORGANIZATIONS, OWNER, USERS, Organization, User
from .tokens import ZohoVendor, satisfies
from .vendor import ZohoAccounts

__all__ = [
    "ORGANIZATIONS",
    "OWNER",
    "USERS",
    "Organization",
    "User",
    "ZohoAccounts",
    "ZohoVendor",
    "satisfies",
    "vendors",
]


def vendors(world: World) -> list[Vendor]:
    return [ZohoAccounts(world, site) for site in SITES]
