"""Sandbox, Zoho Books and Inventory: /settings/webhooks and /settings/workflows (sheet 8.1)."""

from typing import Any, ClassVar

from ..call import Change
from ..indexes import Keyed
from .answers import invalid
from .listing import Columns
from .resource import Action, Query, Record, Resource
from .shape import Shape, anything, flag, one_of, rows, text
from .workflows import entity_of, events_of

__all__ = ["WebhookRules", "Webhooks"]


def _secret(name: str, value: Any) -> str:
    plain: str = text(50)(name, value)
    if plain and (len(plain) < 12 or not plain.isascii() or not plain.isalnum()):
        raise invalid(name)
    return plain


def _url(name: str, value: Any) -> str:
    plain: str = text(5000)(name, value)
    if not plain.startswith(("http://", "https://")):
        raise invalid(name)
    return plain


class Webhooks(Resource):
    """The secret cannot be read back."""

    name, path, id_key = "webhook", "/settings/webhooks", "webhook_id"
    one, many, label, scope, report, sheet = "webhook", "webhooks", "Webhook", "settings", "Webhooks", "8.1"
    created = "The webhook has been created."
    updated = "The webhook has been updated."
    deleted = "The webhook has been deleted."
    required = ("webhook_name", "url")
    upsert = False
    plain = False
    shape: ClassVar[Shape] = {
        "webhook_name": text(50),
        "description": text(100),
        "entity": text(50),
        "url": _url,
        "method": one_of("POST", "PUT", "DELETE"),
        "body_type": text(50),
        "raw_data": text(100_000),
        "secret": _secret,
        "events": anything,
        "is_new_response_format": flag,
        **dict.fromkeys(
            ("headers", "query_parameters", "form_data", "entity_parameters", "additional_parameters"), rows
        ),
    }
    row = (
        "webhook_id",
        "webhook_name",
        "description",
        "entity",
        "url",
        "method",
        "events",
        "last_modified_time",
    )
    columns = Columns(texts=("webhook_name",), exact=("entity",))

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if fields.get("entity") and entity_of(fields["entity"]) is None:
            raise invalid("entity")
        defaults: Record = {"description": "", "entity": "", "method": "POST", "secret": "", "events": []}
        for name, value in defaults.items():
            record.setdefault(name, value)
        super().build(record, fields, query, creating=creating)

    def _custom(self, record: Record, body: Record) -> None:
        """Settings carry no custom fields."""

    def render(self, record: Record, product: str) -> Any:
        return {name: value for name, value in record.items() if name != "secret"}

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        kept = record or {**(before or {}), "entity": "", "events": []}
        rules = self.finance.webhook_rules.all_rules() if record else []
        self.finance.workflows.subscribe(kept, rules)


class WebhookRules(Resource):
    name, path, id_key = "workflow", "/settings/workflows", "workflow_id"
    one, many, label, scope, report, sheet = (
        "workflow",
        "workflows",
        "Workflow",
        "settings",
        "Workflows",
        "8.1",
    )
    created = "The workflow rule has been created."
    updated = "The workflow rule has been updated."
    deleted = "The workflow rule has been deleted."
    required = ("workflow_name", "entity")
    upsert = False
    shape: ClassVar[Shape] = {
        "workflow_name": text(100),
        "description": text(500),
        "entity": text(50),
        "trigger": anything,
        "event": anything,
        "actions": rows,
        "instant_actions": rows,
        "webhook_ids": anything,
        "conditions": anything,
        "criteria": anything,
        "is_active": flag,
    }
    row = (
        "workflow_id",
        "workflow_name",
        "entity",
        "trigger",
        "webhook_ids",
        "is_active",
        "last_modified_time",
    )
    columns = Columns(texts=("workflow_name",), exact=("entity",))

    def extra_indexes(self) -> list[Any]:
        return [Keyed("webhook", lambda record: record["webhook_ids"])]

    def build(self, record: Record, fields: Record, query: Query, *, creating: bool) -> None:
        if "entity" in fields and entity_of(fields["entity"]) is None:
            raise invalid("entity")
        trigger = fields.get("trigger", fields.get("event"))
        if isinstance(trigger, dict):
            trigger = " ".join(map(str, trigger.values()))
        if creating and not events_of(trigger):
            raise invalid("trigger")
        super().build(record, fields, query, creating=creating)
        record["trigger"] = trigger or record.get("trigger", "")
        record.setdefault("is_active", True)
        given = [
            str(each) for each in fields.get("webhook_ids") or [] if isinstance(fields["webhook_ids"], list)
        ]
        for action in (*fields.get("actions", ()), *fields.get("instant_actions", ())):
            given += [str(action[key]) for key in ("webhook_id", "action_id", "id") if action.get(key)]
        if given or creating:
            record["webhook_ids"] = [self.finance.webhooks.need(each)["webhook_id"] for each in given]

    def _custom(self, record: Record, body: Record) -> None:
        """Settings carry no custom fields."""

    def all_rules(self) -> list[Record]:
        return [self.need(each) for each in self.table]

    def after(self, change: Change, before: Record | None, record: Record | None) -> None:
        touched = {*(before or {}).get("webhook_ids", ()), *(record or {}).get("webhook_ids", ())}
        for webhook_id in touched:
            webhook = self.finance.webhooks.table.get(webhook_id)
            if webhook is not None:
                self.finance.workflows.subscribe(webhook, self.all_rules())

    def actions(self) -> dict[str, tuple[Action, str, int]]:
        return {
            "active": (self._marking(True), "The workflow rule has been marked as active.", 200),
            "inactive": (self._marking(False), "The workflow rule has been marked as inactive.", 200),
        }

    def _marking(self, active: bool) -> Action:
        def mark(change: Change, record_id: str, _: Record) -> None:
            before, record = self.need(record_id), self.need(record_id)
            record["is_active"] = active
            self.store(change, record)
            self.after(change, before, record)

        return mark
