"""Sandbox: FreshBooks."""

from ..plugin import Vendor
from ..world import World

__all__ = ["vendors"]


def vendors(world: World) -> list[Vendor]:
    return []
