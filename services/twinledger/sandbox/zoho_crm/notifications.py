"""Sandbox, Zoho CRM: tells the watch channels what changed: one message per channel, module and operation.

No signature and no promise: at most once, with the channel's token in the body (sheet section 7.2).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from ..subscriptions import Subscription
from ..webhooks import Delivery
from .writer import Done

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["Notifications"]

EVENTS = {"insert": "create", "update": "edit", "delete": "delete"}


class Notifications:
    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._world = crm.world

    def tell(self, done: list[Done]) -> None:
        now = self._world.clock.now()
        channels = [
            row
            for row in self._world.subscriptions.of(self._crm.system)
            if row.expires_at is None or row.expires_at > now
        ]
        if not channels:
            return
        groups: dict[tuple[str, str], list[Done]] = defaultdict(list)
        for each in done:
            groups[(each.module.api_name, each.op)].append(each)
        for (name, op), changes in groups.items():
            for channel in channels:
                if channel.data["module"] == name and EVENTS[op] in channel.data["operations"]:
                    self._send(channel, op, [each for each in changes if _wanted(channel, each)])
        self._tell_related(channels, done)

    def _send(self, channel: Subscription, op: str, changes: list[Done]) -> None:
        most = max(1, int(self._crm.org.switch("notification_ids")))
        for start in range(0, len(changes), most):
            some = changes[start : start + most]
            body = self._message(channel, op, some)
            retries = (60.0,) * int(self._crm.org.switch("notification_retries"))
            self._world.webhooks.submit(
                Delivery(
                    self._crm.system,
                    f"{channel.data['module']}.{op}",
                    ",".join(each.id for each in some),
                    channel.uri,
                    {"Content-Type": "application/json; charset=utf-8"},
                    orjson.dumps(body),
                    retry_waits_s=retries,
                )
            )

    def _message(self, channel: Subscription, op: str, changes: list[Done]) -> dict[str, Any]:
        module = changes[0].module
        body: dict[str, Any] = {
            "server_time": int(self._world.clock.now() * 1000),
            "query_params": dict(parse_qsl(urlsplit(channel.uri).query, keep_blank_values=True)),
            "module": module.api_name,
            "resource_uri": self.resource_uri(module.api_name),
            "ids": [each.id for each in changes],
            "affected_fields": [] if op == "insert" else [{each.id: each.changed} for each in changes],
            "operation": op,
            "channel_id": channel.data["channel_id"],
            "token": channel.secret,
        }
        if channel.data["return_affected_field_values"]:
            body["affected_values"] = [
                {"record_id": each.id, "values": self._values(each)} for each in changes
            ]
        return body

    def _values(self, done: Done) -> dict[str, Any]:
        if done.op == "delete":
            person = self._crm.org.person(done.record["Modified_By"])
            return {"Modified_By": person, "Record_Status__s": "Trash"}
        return {name: done.module.value(done.module.fields[name], done.record) for name in done.changed}

    def resource_uri(self, module: str) -> str:
        """Says v2 whatever version subscribed."""
        return f"{self._world.url(f'zoho.{self._crm.site}.api')}/crm/v2/{module}"

    def _tell_related(self, channels: list[Subscription], done: list[Done]) -> None:
        """`notify_on_related_action`: an edited contact or deal is news of its account, too."""
        accounts = self._crm.org.modules["Accounts"]
        listening = [
            row
            for row in channels
            if row.data["module"] == "Accounts"
            and row.data["notify_on_related_action"]
            and "edit" in row.data["operations"]
        ]
        if not listening:
            return
        related = list(dict.fromkeys(_parents(done)))
        changes = [
            Done(accounts, "update", each, record)
            for each in related
            if (record := accounts.living(each)) is not None
        ]
        for channel in listening if changes else ():
            self._send(channel, "update", changes)


def _parents(done: Iterable[Done]) -> Iterator[str]:
    for each in done:
        if each.module.api_name in ("Contacts", "Deals") and "Account_Name" in each.record:
            yield each.record["Account_Name"]


def _wanted(channel: Subscription, done: Done) -> bool:
    """`notification_condition` looks at the fields of an edit only."""
    conditions = channel.data.get("notification_condition") or []
    if done.op != "update" or not conditions:
        return True
    selections = [each.get("field_selection") for each in conditions if isinstance(each, dict)]
    return any(_selected(each, set(done.changed)) for each in selections if isinstance(each, dict))


def _selected(node: dict[str, Any], changed: set[str]) -> bool:
    group = node.get("group")
    if isinstance(group, list):
        parts = [_selected(each, changed) for each in group if isinstance(each, dict)]
        return all(parts) if node.get("group_operator") == "and" else any(parts)
    field = node.get("field")
    return isinstance(field, dict) and field.get("api_name") in changed
