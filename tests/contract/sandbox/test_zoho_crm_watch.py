"""Zoho CRM notifications of the sandbox: channels, their expiry, and the body that is delivered."""

from typing import Any

from tests.contract.sandbox.zoho_browser import Listener, ZohoBrowser

CHANNEL = "1000000068001"


async def _watch(zoho: ZohoBrowser, listener: Listener, *events: str, **more: Any) -> tuple[int, Any]:
    row = {
        "channel_id": CHANNEL,
        "events": list(events),
        "notify_url": listener.url,
        "token": "secret",
        **more,
    }
    return await zoho.call("POST", "/actions/watch", {"watch": [row]})


async def _told(zoho: ZohoBrowser, listener: Listener) -> list[dict[str, Any]]:
    await zoho.admin_call("POST", "/webhooks/flush")
    return listener.bodies


async def test_an_insert_is_told_once_with_all_ids(zoho: ZohoBrowser, listener: Listener) -> None:
    await _watch(zoho, listener, "Contacts.all")
    _, body = await zoho.call("POST", "/Contacts", {"data": [{"Last_Name": "A"}, {"Last_Name": "B"}]})
    ids = [row["details"]["id"] for row in body["data"]]
    assert await _told(zoho, listener) == [
        {
            "server_time": 1772442000000,
            "query_params": {"k": "v"},
            "module": "Contacts",
            "resource_uri": f"{zoho.urls['api_domain']}/crm/v2/Contacts",
            "ids": ids,
            "affected_fields": [],
            "operation": "insert",
            "channel_id": CHANNEL,
            "token": "secret",
        }
    ]


async def test_an_edit_names_fields_and_on_request_values(zoho: ZohoBrowser, listener: Listener) -> None:
    contact = await zoho.create("Contacts", Last_Name="A")
    await _watch(zoho, listener, "Contacts.edit", return_affected_field_values=True)
    await zoho.act("contact", "update", contact, Phone="123", Title="Baker")
    (body,) = await _told(zoho, listener)
    assert body["operation"] == "update"
    assert [sorted(each[contact]) for each in body["affected_fields"]] == [["Phone", "Title"]]
    assert body["affected_values"] == [{"record_id": contact, "values": {"Title": "Baker", "Phone": "123"}}]


async def test_a_delete_tells_who_and_a_restore_is_an_insert(zoho: ZohoBrowser, listener: Listener) -> None:
    contact = await zoho.create("Contacts", Last_Name="A")
    await _watch(zoho, listener, "Contacts.all", return_affected_field_values=True)
    await zoho.act("contact", "delete", contact)
    await zoho.act("contact", "restore", contact)
    told = {body["operation"]: body for body in await _told(zoho, listener)}
    assert set(told) == {"delete", "insert"}
    values = told["delete"]["affected_values"][0]["values"]
    assert (values["Modified_By"]["name"], values["Record_Status__s"]) == ("Dana Okafor", "Trash")


async def test_only_subscribed_modules_and_operations_are_told(zoho: ZohoBrowser, listener: Listener) -> None:
    await _watch(zoho, listener, "Contacts.delete", "Deals.create")
    await zoho.create("Contacts", Last_Name="A")
    await zoho.create("Accounts", Account_Name="A")
    assert await _told(zoho, listener) == []


async def test_a_contact_is_news_of_its_account_unless_declined(
    zoho: ZohoBrowser, listener: Listener
) -> None:
    account = await zoho.create("Accounts", Account_Name="Harbor")
    await _watch(zoho, listener, "Accounts.edit")
    await zoho.create("Contacts", Last_Name="A", Account_Name=account)
    assert [body["ids"] for body in await _told(zoho, listener)] == [[account]]
    await _watch(zoho, listener, "Accounts.edit", notify_on_related_action=False)
    await zoho.create("Contacts", Last_Name="B", Account_Name=account)
    assert len(await _told(zoho, listener)) == 1


async def test_a_condition_on_fields_holds_edits_back(zoho: ZohoBrowser, listener: Listener) -> None:
    contact = await zoho.create("Contacts", Last_Name="A")
    selection = {"group_operator": "or", "group": [{"field": {"api_name": "Email", "id": "1"}}]}
    condition = {"type": "field_selection", "module": {"api_name": "Contacts"}, "field_selection": selection}
    await _watch(zoho, listener, "Contacts.edit", notification_condition=[condition])
    await zoho.act("contact", "update", contact, Phone="1")
    await zoho.act("contact", "update", contact, Email="a@b.example")
    assert [body["affected_fields"] for body in await _told(zoho, listener)] == [[{contact: ["Email"]}]]


async def test_empty_triggers_silence_only_by_switch(zoho: ZohoBrowser, listener: Listener) -> None:
    await _watch(zoho, listener, "Contacts.all")
    quiet = {"data": [{"Last_Name": "A"}], "trigger": []}
    await zoho.call("POST", "/Contacts", quiet)
    assert len(await _told(zoho, listener)) == 1
    await zoho.switch("zoho_crm.trigger_empty_silences", True)
    await zoho.call("POST", "/Contacts", quiet)
    assert len(await _told(zoho, listener)) == 1


async def test_an_expired_channel_is_silent_and_cannot_be_renewed(
    zoho: ZohoBrowser, listener: Listener
) -> None:
    status, body = await _watch(zoho, listener, "Contacts.all")
    events = body["watch"][0]["details"]["events"]
    assert (status, events[0]["channel_expiry"]) == (201, "2026-03-02T02:00:00-08:00")
    await zoho.advance(3600)
    await zoho.connect()
    await zoho.create("Contacts", Last_Name="A")
    assert await _told(zoho, listener) == []
    renewal = {"watch": [{"channel_id": CHANNEL, "events": ["Contacts.all"], "notify_url": listener.url}]}
    for method in ("PUT", "PATCH"):
        status, body = await zoho.call(method, "/actions/watch", renewal)
        assert (status, body["watch"][0]["code"]) == (400, "NOT_SUBSCRIBED")


async def test_events_can_be_taken_out_and_put_replaces_all(zoho: ZohoBrowser, listener: Listener) -> None:
    await _watch(zoho, listener, "Contacts.all", "Deals.edit")
    gone = {"channel_id": CHANNEL, "events": ["Contacts.create", "Deals.edit"], "_delete_events": True}
    assert (await zoho.call("PATCH", "/actions/watch", {"watch": [gone]}))[0] == 200
    _, body = await zoho.call("GET", f"/actions/watch?channel_id={CHANNEL}")
    assert [row["events"] for row in body["watch"]] == [["Contacts.edit", "Contacts.delete"]]
    whole = {"channel_id": int(CHANNEL), "events": ["Leads.all"], "notify_url": listener.url}
    await zoho.call("PUT", "/actions/watch", {"watch": [whole]})
    _, body = await zoho.call("GET", "/actions/watch")
    assert [(row["resource_name"], row["token"]) for row in body["watch"]] == [("Leads", None)]


async def test_bad_channels_are_refused_one_by_one(zoho: ZohoBrowser, listener: Listener) -> None:
    good = {"channel_id": "1", "events": ["Contacts.all"], "notify_url": listener.url}
    rows = [
        good,
        {**good, "events": ["Nothing.all"]},
        {**good, "token": "x" * 51},
        {**good, "notify_url": "ftp://x"},
        {**good, "channel_id": "abc"},
        {"channel_id": "2", "events": ["Contacts.all"]},
    ]
    status, body = await zoho.call("POST", "/actions/watch", {"watch": rows})
    codes = [row["code"] for row in body["watch"]]
    assert (status, codes) == (207, ["SUCCESS", *["INVALID_DATA"] * 4, "MANDATORY_NOT_FOUND"])
