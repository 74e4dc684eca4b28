"""Connectors are found by their folder; scopes are the least that the operations need."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.connectors.vendor import FakeVendor

from twinledger.connectors import registry
from twinledger.connectors.base.manifest import parse_manifest
from twinledger.connectors.base.oauth import OAuthClient
from twinledger.kernel.errors import FatalError

SYSTEMS = ("freshbooks", "zoho_books", "zoho_crm", "zoho_inventory")
FOLDER = Path(registry.__file__).parent


def test_every_folder_with_a_manifest_is_a_connector() -> None:
    assert tuple(sorted(registry.infos())) == SYSTEMS
    assert {info.budget_group for info in registry.infos().values()} == {
        "freshbooks",
        "zoho_crm",
        "zoho_finance",
    }


@pytest.mark.parametrize("system", SYSTEMS)
def test_manifest_source_and_sink_speak_of_the_same_objects(system: str) -> None:
    connector = FakeVendor().connector(system)
    objects = set(connector.info.objects)
    assert objects == set(connector.source.objects) == set(connector.sink.objects)
    assert objects == set(connector.source.max_ids) == set(connector.sink.max_batch)
    assert objects == set(connector.sink.resend_is_safe)
    assert {name for name, _ in connector.subscriber.wanted(sorted(objects))} <= objects


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_object_says_its_scopes_overlap_and_carrier(system: str) -> None:
    for name, about in registry.infos()[system].objects.items():
        assert name.startswith(f"{system}.")
        assert {"read", "create", "update"} <= about["scopes"].keys()
        assert about["poll"]["overlap_s"] >= 600
        assert about["reference"]["carrier"]


def test_a_whole_day_list_overlaps_by_a_day() -> None:
    assert registry.infos()["freshbooks"].objects["freshbooks.client"]["poll"]["overlap_s"] == 86400


@pytest.mark.control("SEC-01")
def test_scopes_are_the_union_and_nothing_wider() -> None:
    asked = registry.scopes_for(
        "zoho", [("zoho_books.item", "read"), ("zoho_crm.contact", "create"), ("freshbooks.tax", "read")]
    )
    assert asked == (
        "ZohoBooks.settings.READ",
        "ZohoCRM.modules.contacts.CREATE",
        "ZohoCRM.modules.contacts.UPDATE",
        "ZohoCRM.settings.fields.CREATE",
        "ZohoCRM.settings.fields.READ",
    )


@pytest.mark.control("SEC-01")
@pytest.mark.parametrize("system", SYSTEMS)
def test_no_scope_is_a_blanket(system: str) -> None:
    info = registry.infos()[system]
    scopes = set(info.scopes).union(
        *(given for about in info.objects.values() for given in about["scopes"].values())
    )
    assert not [scope for scope in scopes if "ALL" in scope or "full" in scope.lower() or "DELETE" in scope]


def test_unknown_names_stop_the_process() -> None:
    vendor = FakeVendor()
    with pytest.raises(FatalError, match="zoho_desk"):
        vendor.connector("zoho_desk")
    with pytest.raises(FatalError, match="shopify"):
        client = OAuthClient("id", "secret", "https://us.example")
        registry.auth("shopify", client, http=vendor.http, clock=vendor.clock)


@pytest.mark.parametrize("text", ["system: [", "system: x", "system: 5\nunknown: 1"])
def test_a_manifest_that_does_not_fit_stops_the_process(text: str) -> None:
    with pytest.raises(FatalError, match="x/connector"):
        parse_manifest(text, "x/connector.yaml")


@pytest.mark.parametrize("folder", [*SYSTEMS, "zoho_platform"])
def test_every_folder_explains_itself(folder: str) -> None:
    assert (FOLDER / folder / "README.md").read_text(encoding="utf-8").startswith("# ")


def test_secrets_do_not_show_in_a_repr() -> None:
    assert "hunter2" not in repr(OAuthClient("id", "hunter2", "https://us.example"))


def test_an_optional_system_is_absent_until_a_connection_names_it() -> None:
    assert registry.absent([]) == {"zoho_inventory"}
    assert registry.absent(["zoho_inventory"]) == frozenset()
