# mypy: ignore-errors
# It runs where our types and tools are not: in the environment of the client it tries.
"""Runs in the environment of PyPI zohocrmsdk8-0, never in ours: one whole round, unpatched. Prints JSON.

Called by `test_zoho_crm_sdk.py` with the urls file and a fresh resource folder as arguments.
"""

import json
from datetime import UTC, date, datetime

from zoho_crm_sdk_hands import body, limit, linked, params, record, refused, rows, sign_in, urls
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap
from zohocrmsdk.src.com.zoho.crm.api.convert_lead import BodyWrapper as ConvertBody
from zohocrmsdk.src.com.zoho.crm.api.convert_lead import ConvertLeadOperations, LeadConverter
from zohocrmsdk.src.com.zoho.crm.api.coql import BodyWrapper as CoqlBody
from zohocrmsdk.src.com.zoho.crm.api.coql import CoqlOperations
from zohocrmsdk.src.com.zoho.crm.api.fields import FieldsOperations, GetFieldsParam
from zohocrmsdk.src.com.zoho.crm.api.modules import ModulesOperations
from zohocrmsdk.src.com.zoho.crm.api.notifications import BodyWrapper as WatchBody
from zohocrmsdk.src.com.zoho.crm.api.notifications import (
    DeleteNotificationParam,
    GetNotificationsParam,
    Notification,
    NotificationsOperations,
)
from zohocrmsdk.src.com.zoho.crm.api.org import OrgOperations
from zohocrmsdk.src.com.zoho.crm.api.record import (
    DeleteRecordsParam,
    GetDeletedRecordsParam,
    GetRecordsHeader,
    GetRecordsParam,
    Record,
    RecordOperations,
    SearchRecordsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.users import GetUsersParam, UsersOperations
from zohocrmsdk.src.com.zoho.crm.api.util import Choice

seen: dict = {}


def create(module: str, *records: Record) -> list[int]:
    answer = rows(RecordOperations(module).create_records(body(*records)))
    seen[f"created_{module}"] = [answer[0], [each[:2] for each in answer[1:]]]
    return [int(each[2]) for each in answer[1:]]


def metadata() -> None:
    asked = params(module=(GetFieldsParam.module, "Contacts"))
    fields = FieldsOperations().get_fields(asked).get_object().get_fields()
    seen["fields"] = {each.get_api_name(): each.get_data_type() for each in fields}
    modules = ModulesOperations().get_modules().get_object().get_modules()
    seen["modules"] = sorted(each.get_api_name() for each in modules)
    asked = params(type=(GetUsersParam.type, "CurrentUser"))
    seen["user"] = UsersOperations().get_users(asked).get_object().get_users()[0].get_full_name()
    seen["org"] = OrgOperations().get_organization().get_object().get_org()[0].get_time_zone()


def creations() -> dict:
    ids = {"Accounts": create("Accounts", record(Account_Name="Round & Sons", Phone="+1 207 555 0101"))}
    account = linked(ids["Accounts"][0])
    ids["Contacts"] = create(
        "Contacts",
        *[
            record(
                First_Name="Ines",
                Last_Name=f"Round {n}",
                Email=f"ines{n}@round.example",
                Account_Name=account,
            )
            for n in range(3)
        ],
    )
    ids["Leads"] = create(
        "Leads",
        record(Last_Name="Lead", Company="Lead & Co", Lead_Source=Choice("Cold Call"), No_of_Employees=7),
    )
    deal = record(
        Deal_Name="Round deal", Stage=Choice("Qualification"), Amount=120.5, Closing_Date=date(2026, 3, 9)
    )
    deal.add_key_value("Account_Name", account)
    ids["Deals"] = create("Deals", deal)
    return ids


def reads(ids: dict) -> None:
    contacts = RecordOperations("Contacts")
    fields = (GetRecordsParam.fields, "Last_Name,Email,Account_Name,Modified_Time")
    page = contacts.get_records(params(fields=fields, size=(GetRecordsParam.per_page, 2))).get_object()
    token = page.get_info().get_next_page_token()
    again = params(
        fields=fields, size=(GetRecordsParam.per_page, 2), token=(GetRecordsParam.page_token, token)
    )
    rest = contacts.get_records(again).get_object()
    listed = [each.get_id() for each in [*page.get_data(), *rest.get_data()]]
    seen["paged"] = [page.get_info().get_more_records(), rest.get_info().get_more_records(), listed]
    one = contacts.get_record(ids["Contacts"][0]).get_object().get_data()[0]
    seen["contact"] = [
        one.get_key_value("Full_Name"),
        one.get_key_value("Account_Name").get_key_value("name"),
    ]
    seen["modified_is_a_time"] = isinstance(one.get_modified_time(), datetime)
    deal = RecordOperations("Deals").get_record(ids["Deals"][0]).get_object().get_data()[0]
    seen["deal"] = [deal.get_key_value(name) for name in ("Probability", "Amount", "Expected_Revenue")]
    seen["deal"] += [deal.get_key_value("Stage").get_value(), str(deal.get_key_value("Closing_Date"))]
    seen["nothing"] = contacts.get_record(4150868000000999999).get_status_code()
    later = HeaderMap()
    later.add(GetRecordsHeader.if_modified_since, datetime(2030, 1, 1, tzinfo=UTC))
    seen["not_modified"] = contacts.get_records(params(fields=fields), later).get_status_code()
    seen["without_fields"] = refused(contacts.get_records())


def writes(ids: dict) -> None:
    contacts = RecordOperations("Contacts")
    first = ids["Contacts"][0]
    mixed = contacts.upsert_records(
        body(
            record(Last_Name="Upserted", Email="INES0@round.example"),
            record(Last_Name="Too long" * 20, Email="new@round.example"),
            record(Last_Name="New", Email="fresh@round.example"),
            check=["Email"],
        )
    )
    seen["upsert"] = [each if isinstance(each, int) else each[:2] for each in rows(mixed)]
    seen["upsert_hit"] = rows(mixed)[1][2] == str(first)
    one = rows(contacts.update_record(first, body(record(Title="Head of rounds"))))
    many = rows(contacts.update_records(body(record(id=first, Phone="+1 207 555 0102"))))
    seen["updated"] = [one[0], one[1][:2], many[0], many[1][:2]]
    bad = contacts.update_records(body(record(id=4150868000000999999, Phone="1")))
    seen["update_unknown"] = [rows(bad)[0], rows(bad)[1][1]]
    seen["bad_create"] = [
        each if isinstance(each, int) else each[1]
        for each in rows(contacts.create_records(body(record(Title="x"))))
    ]


def finds() -> None:
    contacts = RecordOperations("Contacts")
    by_criteria = params(criteria=(SearchRecordsParam.criteria, "(Last_Name:starts_with:Round)"))
    seen["search"] = len(contacts.search_records(by_criteria).get_object().get_data())
    by_email = params(email=(SearchRecordsParam.email, "ines1@round.example"))
    seen["search_email"] = len(contacts.search_records(by_email).get_object().get_data())
    nothing = params(word=(SearchRecordsParam.word, "nowhere"))
    seen["search_nothing"] = contacts.search_records(nothing).get_status_code()
    seen["search_without_term"] = refused(contacts.search_records())
    seen["coql"] = [each.get_key_value("Last_Name") for each in coql("Email = 'ines2@round.example'")]
    seen["coql_joined"] = len(coql("Account_Name.Account_Name = 'Round & Sons'"))
    wrong = CoqlBody()
    wrong.set_select_query("select Nothing from Contacts where id > 0 limit 0, 2")
    seen["coql_wrong"] = refused(CoqlOperations().get_records(wrong))


def coql(condition: str) -> list:
    query = CoqlBody()
    query.set_select_query(f"select Last_Name, Email from Contacts where ({condition}) limit 0, 200")
    return CoqlOperations().get_records(query).get_object().get_data()


def conversion(ids: dict) -> None:
    lead = ids["Leads"][0]
    converter = LeadConverter()
    converter.set_overwrite(True)
    converter.set_notify_lead_owner(False)
    converter.set_notify_new_entity_owner(False)
    deal = record(Deal_Name="Won", Stage=Choice("Closed Won"), Closing_Date=date(2026, 4, 1))
    converter.set_deals(deal)
    wrapper = ConvertBody()
    wrapper.set_data([converter])
    first = ConvertLeadOperations(lead).convert_lead(wrapper)
    done = first.get_object().get_data()[0]
    seen["converted"] = [first.get_status_code(), sorted(done.get_details())]
    again = ConvertLeadOperations(lead).convert_lead(wrapper)
    seen["converted_again"] = again.get_status_code()
    listed = RecordOperations("Leads").get_records(params(fields=(GetRecordsParam.fields, "Company")))
    seen["converted_listed"] = listed.get_status_code()


def removals(ids: dict) -> None:
    contacts = RecordOperations("Contacts")
    one = rows(contacts.delete_record(ids["Contacts"][2]))
    chosen = (DeleteRecordsParam.ids, f"{ids['Contacts'][1]},4150868000000999999")
    two = rows(contacts.delete_records(params(ids=chosen)))
    seen["deleted"] = [one[0], one[1][:2], two[0], [each[1] for each in two[1:]]]
    binned = contacts.get_deleted_records(params(type=(GetDeletedRecordsParam.type, "recycle"))).get_object()
    seen["bin"] = [[each.get_id(), each.get_type(), each.get_display_name()] for each in binned.get_data()]


def watch() -> None:
    operations, channel = NotificationsOperations(), "1000000068001"
    wanted = Notification()
    wanted.set_channel_id(channel)
    wanted.set_events(["Contacts.all", "Deals.edit"])
    wanted.set_notify_url("http://127.0.0.1:9/hook?k=v")
    wanted.set_token("round")
    wrapper = WatchBody()
    wrapper.set_watch([wanted])
    enabled = operations.enable_notifications(wrapper)
    made = enabled.get_object().get_watch()[0]
    seen["watch"] = [enabled.get_status_code(), len(made.get_details()["events"])]
    mine = params(channel=(GetNotificationsParam.channel_id, int(channel)))
    listed = operations.get_notifications(mine).get_object().get_watch()
    seen["watched"] = sorted(str(each.get_resource_name()) for each in listed)
    seen["rewatched"] = operations.update_notifications(wrapper).get_status_code()
    gone = operations.delete_notification(params(ids=(DeleteNotificationParam.channel_ids, channel)))
    seen["unwatched"] = gone.get_status_code()
    seen["watch_gone"] = operations.get_notifications(mine).get_status_code()


def refusals() -> None:
    limit(in_flight=0)
    contact = RecordOperations("Contacts").get_record(4150868000000500002)
    seen["too_many"] = refused(contact)
    limit(in_flight=20)
    sign_in(access_token="1000.nothing.nothing")
    seen["bad_token"] = refused(OrgOperations().get_organization())


def main() -> None:
    sign_in(refresh_token=urls["refresh_token"])
    metadata()
    ids = creations()
    seen["ids"] = {name: [str(each) for each in found] for name, found in ids.items()}
    reads(ids)
    writes(ids)
    finds()
    conversion(ids)
    removals(ids)
    watch()
    refusals()
    print(json.dumps(seen, default=str))  # noqa: T201 - its result


main()
