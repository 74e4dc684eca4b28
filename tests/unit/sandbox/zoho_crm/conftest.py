"""One organization in memory, no server: writers and channels as the handlers use them."""

from collections.abc import Callable

import pytest

from twinledger.sandbox.call import Act
from twinledger.sandbox.clock import VirtualClock
from twinledger.sandbox.randomness import Randomness
from twinledger.sandbox.switches import Switches
from twinledger.sandbox.world import World
from twinledger.sandbox.zoho_accounts import vendors as accounts
from twinledger.sandbox.zoho_crm import ZohoCrm
from twinledger.sandbox.zoho_crm.fields import Field
from twinledger.sandbox.zoho_crm.writer import Writer

HOSTS = [f"zoho.{site}.{part}" for site in ("us", "eu") for part in ("accounts", "api", "people")]


@pytest.fixture
def crm() -> ZohoCrm:
    world = World(VirtualClock(), Randomness(1), Switches(), dict.fromkeys(HOSTS, "http://sandbox"))
    world.vendors += accounts(world)
    crm = ZohoCrm(world, "us")
    for name in ("FreshBooks_ID", "Ledger_ID"):
        crm.org.modules["Contacts"].add_field(Field(name, name, "text", custom=True, unique=True))
    return crm


@pytest.fixture
def writer(crm: ZohoCrm) -> Callable[[str], Writer]:
    def make(module: str) -> Writer:
        return Writer(crm, Act(crm.world, crm, None, None), crm.org.modules[module])

    return make
