"""Sandbox, Zoho CRM: `/actions/watch`, the notification channels. Expired ones are gone."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from ..subscriptions import Subscription
from .answers import ItemError, empty, item_reply, refuse
from .paging import number_of
from .watch_rules import DEFAULT_LIFE_S, Wanted, channel_id_of, read_events, read_wanted
from .write_routes import given_body, given_records

if TYPE_CHECKING:
    from .vendor import ZohoCrm

__all__ = ["WatchRoutes"]

MOST_CHANNELS = 50
SUBSCRIBED = "Successfully subscribed for actions-watch of the given module"
UPDATED = "Successfully updated the subscribe details"
UNSUBSCRIBED = "Successfully un-subscribed from actions-watch"


class WatchRoutes:
    """A channel is one row per module it watches."""

    def __init__(self, crm: "ZohoCrm") -> None:
        self._crm = crm
        self._org = crm.org
        self._rows = crm.world.subscriptions

    def subscribe(self, call: Call) -> Reply:
        def one(row: Any, path: str) -> dict[str, Any]:
            wanted = read_wanted(self._org, row, path, complete=True)
            return _success(self._put(wanted), SUBSCRIBED)

        return self._each(given_records(call, MOST_CHANNELS, "watch"), one, 201)

    def replace(self, call: Call) -> Reply:
        """Omitted properties are dropped, the expiry falls back to its default."""

        def one(row: Any, path: str) -> dict[str, Any]:
            wanted = read_wanted(self._org, row, path, complete=True)
            self._living(wanted.channel_id, path)
            self._drop(wanted.channel_id)
            return _success(self._put(wanted), UPDATED)

        return self._each(given_records(call, MOST_CHANNELS, "watch"), one, 200)

    def patch(self, call: Call) -> Reply:
        body = given_body(call)
        if "watch" not in body and "channel_id" in body and self._org.switch("watch_patch_flat"):
            return self._each([body], self._patch_one, 200)
        return self._each(given_records(call, MOST_CHANNELS, "watch"), self._patch_one, 200)

    def _patch_one(self, row: Any, path: str) -> dict[str, Any]:
        channel_id = channel_id_of(row, path)
        held = self._living(channel_id, path)
        if row.get("_delete_events") is True:
            return _success(self._remove_events(channel_id, held, row, path), UPDATED)
        wanted = read_wanted(self._org, row, path, complete=False)
        events = {each.data["module"]: each.data["operations"] for each in held} | (wanted.events or {})
        first = held[0]
        merged = Wanted(
            channel_id,
            events,
            wanted.notify_url or first.uri,
            wanted.token if "token" in wanted.given else first.secret,
            wanted.expires_at if "channel_expiry" in wanted.given else first.expires_at,
            first.data["return_affected_field_values"] if wanted.values is None else wanted.values,
            first.data["notify_on_related_action"] if wanted.related is None else wanted.related,
            wanted.condition
            if "notification_condition" in wanted.given
            else first.data["notification_condition"],
            wanted.given,
        )
        return _success(self._put(merged), UPDATED)

    def _remove_events(
        self, channel_id: str, held: list[Subscription], row: Any, path: str
    ) -> dict[str, Any]:
        gone = read_events(self._org, row.get("events"), f"{path}.events")
        for each in held:
            left = [op for op in each.data["operations"] if op not in gone.get(each.data["module"], [])]
            if not left:
                self._rows.remove(self._crm.system, each.id)
            else:
                each.data["operations"] = left
                each.event = _event(each.data["module"], left)
        return {"events": [self._brief(each) for each in self._of(channel_id)]}

    def listed(self, call: Call) -> Reply:
        page, size = number_of(call, "page", 1), number_of(call, "per_page", 200, 200)
        channel_id, module = call.arg("channel_id"), call.arg("module")
        rows = [
            each
            for each in self._current()
            if channel_id in (None, "", each.data["channel_id"]) and module in (None, "", each.data["module"])
        ]
        shown = rows[(page - 1) * size : page * size]
        if not shown and self._org.switch("watch_list_empty_204"):
            return empty()
        info = {"per_page": size, "count": len(shown), "page": page, "more_records": len(rows) > page * size}
        return json_reply({"watch": [self._full(each) for each in shown], "info": info})

    def unsubscribe(self, call: Call) -> Reply:
        ids = [each.strip() for each in (call.arg("channel_ids") or "").split(",") if each.strip()]
        if not ids:
            raise refuse(
                "REQUIRED_PARAM_MISSING",
                "One of the expected parameter is missing",
                {"param_name": "channel_ids"},
            )
        rows: list[dict[str, Any] | ItemError] = []
        for each in ids:
            try:
                held = self._living(each, "$.channel_ids")
                rows += [_success(self._resource(row), UNSUBSCRIBED) for row in held]
                self._drop(each)
            except ItemError as fault:
                rows.append(fault)
        return item_reply("watch", rows)

    def _each(self, rows: list[Any], one: Callable[[Any, str], dict[str, Any]], ok_status: int) -> Reply:
        results: list[dict[str, Any] | ItemError] = []
        for number, row in enumerate(rows):
            try:
                results.append(one(row, f"$.watch[{number}]"))
            except ItemError as fault:
                results.append(fault)
        return item_reply("watch", results, ok_status)

    def _put(self, wanted: Wanted) -> dict[str, Any]:
        assert wanted.events is not None and wanted.notify_url is not None
        for module, operations in wanted.events.items():
            self._rows.put(
                Subscription(
                    f"{wanted.channel_id}/{module}",
                    self._crm.system,
                    _event(module, operations),
                    wanted.notify_url,
                    "token",
                    wanted.token,
                    expires_at=wanted.expires_at or self._org.now() + DEFAULT_LIFE_S,
                    data={
                        "channel_id": wanted.channel_id,
                        "module": module,
                        "operations": list(operations),
                        "return_affected_field_values": bool(wanted.values),
                        "notify_on_related_action": wanted.related is not False,
                        "notification_condition": wanted.condition,
                    },
                )
            )
        return {"events": [self._brief(each) for each in self._of(wanted.channel_id)]}

    def _current(self) -> list[Subscription]:
        now = self._crm.world.clock.now()
        for each in self._rows.of(self._crm.system):
            if each.expires_at is not None and each.expires_at <= now:
                self._rows.remove(self._crm.system, each.id)
        return self._rows.of(self._crm.system)

    def _of(self, channel_id: str) -> list[Subscription]:
        return [each for each in self._current() if each.data["channel_id"] == channel_id]

    def _living(self, channel_id: str, path: str) -> list[Subscription]:
        held = self._of(channel_id)
        if not held:
            details = {"api_name": "channel_id", "json_path": f"{path}.channel_id"}
            raise ItemError("NOT_SUBSCRIBED", "The given channel is not subscribed", details)
        return held

    def _drop(self, channel_id: str) -> None:
        for each in self._of(channel_id):
            self._rows.remove(self._crm.system, each.id)

    def _resource(self, row: Subscription) -> dict[str, Any]:
        module = self._org.modules.get(row.data["module"])
        return {
            "resource_uri": self._crm.notifications.resource_uri(row.data["module"]),
            "resource_id": module.id if module is not None else None,
            "resource_name": row.data["module"],
            "channel_id": row.data["channel_id"],
        }

    def _brief(self, row: Subscription) -> dict[str, Any]:
        return {"channel_expiry": self._org.shown(row.expires_at or 0), **self._resource(row)}

    def _full(self, row: Subscription) -> dict[str, Any]:
        return {
            **self._brief(row),
            "notify_on_related_action": row.data["notify_on_related_action"],
            "return_affected_field_values": row.data["return_affected_field_values"],
            "notify_url": row.uri,
            "fields": None,
            "notification_condition": row.data["notification_condition"],
            "events": [f"{row.data['module']}.{each}" for each in _named(row.data["operations"])],
            "token": row.secret,
        }


def _named(operations: list[str]) -> list[str]:
    return ["all"] if len(operations) == 3 else operations


def _event(module: str, operations: list[str]) -> str:
    return ",".join(f"{module}.{each}" for each in _named(operations))


def _success(details: dict[str, Any], message: str) -> dict[str, Any]:
    return {"code": "SUCCESS", "details": details, "message": message, "status": "success"}
