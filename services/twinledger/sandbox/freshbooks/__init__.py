"""Sandbox: FreshBooks. `vendor` is its whole; one module per object beside it; `facts` what is a switch."""

from ..plugin import Vendor
from ..world import World
from .vendor import FreshBooks

__all__ = ["vendors"]


def vendors(world: World) -> list[Vendor]:
    return [FreshBooks(world)]
