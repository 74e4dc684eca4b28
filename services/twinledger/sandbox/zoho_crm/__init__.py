"""Sandbox: Zoho CRM v8, one organization per data centre, written from the sheet `zoho-crm.md` alone."""

from ..plugin import Vendor
from ..world import SITES, World
from .vendor import ZohoCrm

__all__ = ["ZohoCrm", "vendors"]


def vendors(world: World) -> list[Vendor]:
    return [ZohoCrm(world, site) for site in SITES]
