"""Watch channels: how long they live and what they may be."""

from datetime import UTC, datetime, timedelta

import pytest

from twinledger.sandbox.zoho_crm import ZohoCrm
from twinledger.sandbox.zoho_crm.answers import ItemError
from twinledger.sandbox.zoho_crm.watch_rules import channel_id_of, expiry_of, read_events

HOUR_S, WEEK_S = 3_600, 7 * 86_400


@pytest.mark.parametrize(
    ("asked_s", "granted_s"), [(60, 60), (WEEK_S, WEEK_S), (WEEK_S + 1, HOUR_S), (30 * 86_400, HOUR_S)]
)
def test_more_than_a_week_falls_back_to_an_hour(crm: ZohoCrm, asked_s: int, granted_s: int) -> None:
    now = datetime.fromtimestamp(crm.org.now(), UTC)
    text = (now + timedelta(seconds=asked_s)).isoformat()
    assert expiry_of(crm.org, text, "$") == crm.org.now() + granted_s


def test_no_expiry_means_an_hour(crm: ZohoCrm) -> None:
    assert expiry_of(crm.org, None, "$") == crm.org.now() + HOUR_S


@pytest.mark.parametrize("text", ["2020-01-01T00:00:00+00:00", "tomorrow", 5])
def test_a_past_or_unreadable_expiry_is_refused(crm: ZohoCrm, text: object) -> None:
    with pytest.raises(ItemError) as caught:
        expiry_of(crm.org, text, "$.watch[0].channel_expiry")
    assert caught.value.code == "INVALID_DATA"


def test_events_are_collected_per_module(crm: ZohoCrm) -> None:
    events = read_events(crm.org, ["Contacts.all", "Deals.edit", "Deals.create", "Contacts.edit"], "$")
    assert events == {"Contacts": ["create", "edit", "delete"], "Deals": ["edit", "create"]}


@pytest.mark.parametrize("events", [["Contacts"], ["Nothing.all"], ["Contacts.update"], [], "Contacts.all"])
def test_unknown_events_are_refused(crm: ZohoCrm, events: object) -> None:
    with pytest.raises(ItemError):
        read_events(crm.org, events, "$")


@pytest.mark.parametrize(("given", "kept"), [("-5", "-5"), (1000000068001, "1000000068001")])
def test_a_channel_id_is_a_number_as_text(given: object, kept: str) -> None:
    assert channel_id_of({"channel_id": given}, "$") == kept


@pytest.mark.parametrize("given", ["abc", 2**63, True, "1.5", "--1", "", [1]])
def test_other_channel_ids_are_refused(given: object) -> None:
    with pytest.raises(ItemError):
        channel_id_of({"channel_id": given}, "$")
