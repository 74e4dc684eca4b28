"""CLI: `twinledger sync plan` and `sync apply`: what would be written is shown, accepted, written.

While the gate is held the planned intents are the plan. Accepting lets exactly these pass; when anything
changed since the plan was shown, nothing passes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from twinledger.cli.failure import CommandError, Exit
from twinledger.cli.output import Form, FormOption, print_record, print_rows, say
from twinledger.cli.place import DirectoryOption, WorkspaceOption, connected
from twinledger.cli.sync_forecast import GroupForecast, forecast
from twinledger.cli.sync_foresight import Foresight, foresee
from twinledger.cli.sync_taking_back import Undo, apply_undo, foresee_undo
from twinledger.kernel.database import Connection
from twinledger.mapping.definitions import load_shipped
from twinledger.state.gate import BY_GO_LIVE, Gate, load_gate, lock_gate, open_gate
from twinledger.state.plans import (
    PlannedWrite,
    StoredPlan,
    accept_plan,
    find_plan,
    hash_of,
    release,
    store_plan,
    stored_form,
)
from twinledger.state.workspaces import load_settings

__all__ = ["accept", "gate_of", "register", "show_plan"]

Row = dict[str, Any]
_SHOWN = 50
_TOLD = 10


def register(app: typer.Typer) -> None:
    """Add `plan` and `apply`."""
    app.command("plan", help=_PLAN_HELP)(plan)
    app.command("apply", help=_APPLY_HELP)(apply)


_PLAN_HELP = (
    "What would be written now: changes, records without a change, and what nobody can tell yet.\n\n"
    "Example: twinledger sync plan -o json"
)
_APPLY_HELP = (
    "Write exactly what the plan showed, or refuse when anything changed since.\n\n"
    "Example: twinledger sync apply --plan 5f0c... --reason 'go-live'"
)


def plan(
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def read() -> tuple[Gate, Foresight, list[GroupForecast], CommandError | None]:
        async with connected(directory) as connection:
            shown = await show_plan(connection, workspace)
            return *shown, await _no_beginning(connection, workspace, shown[0])

    gate, foresight, costs, lacks = asyncio.run(read())
    if lacks is not None:
        say(f"{lacks}\ntry: {lacks.next_command}")
    if gate.text() == "open":
        say("the gate is open: these writes leave by themselves\ntry: twinledger sync pause")
    if output is not Form.table:
        print_record(_whole(gate, foresight, costs), output)
        return
    _print_table(gate, foresight, costs, may_apply=lacks is None)


def apply(
    plan_hash: Annotated[str, typer.Option("--plan", metavar="HASH", help="The plan that was shown.")],
    reason: Annotated[str, typer.Option(help="Kept with the plan.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Afterwards let later changes flow.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say whether it would pass.")] = False,
    workspace: WorkspaceOption = "default",
    directory: DirectoryOption = Path(".twinledger"),
    output: FormOption = Form.table,
) -> None:
    async def run() -> int:
        async with connected(directory) as connection:
            trial = connection.transaction()
            await trial.start()
            count = await accept(connection, workspace, plan_hash, reason=reason, resume=resume)
            await (trial.rollback() if dry_run else trial.commit())
            return count

    count = asyncio.run(run())
    if dry_run:
        print_record({"plan": plan_hash, "would_write": count}, output)
        return
    print_record({"plan": plan_hash, "accepted": count, "gate": "open" if resume else "held"}, output)
    if not resume:
        say("later changes wait\ntry: twinledger sync status, then twinledger sync resume")


async def show_plan(connection: Connection, workspace: str) -> tuple[Gate, Foresight, list[GroupForecast]]:
    """Foresee and keep what was foreseen, so that a refusal can tell what changed."""
    gate = await gate_of(connection, workspace)
    definitions = load_shipped()
    foresight = await foresee(connection, workspace, definitions)
    stored = StoredPlan(foresight.hash, "sync", {}, [stored_form(write) for write in foresight.changes])
    await store_plan(connection, workspace, stored)
    costs = await forecast(connection, workspace, foresight.changes, definitions.mappings)
    return gate, foresight, costs


async def accept(
    connection: Connection, workspace: str, plan_hash: str, *, reason: str = "", resume: bool = False
) -> int:
    """How many writes pass now. Inside one transaction, with the gate's lock: nobody plans meanwhile."""
    await lock_gate(connection, workspace)
    gate = await gate_of(connection, workspace)
    shown = await find_plan(connection, workspace, plan_hash)
    if shown is None:
        raise CommandError(f"no plan {plan_hash} waits", "twinledger sync plan", Exit.NOT_FOUND)
    _refuse_unless_held(gate)
    if (refused := await _no_beginning(connection, workspace, gate)) is not None:
        raise refused
    if shown.kind == "undo":
        count = await _accept_undo(connection, workspace, shown)
    else:
        count = await _accept_sync(connection, workspace, shown)
    await accept_plan(connection, workspace, plan_hash, reason)
    if resume:
        await open_gate(connection, workspace)
    return count


async def _accept_sync(connection: Connection, workspace: str, shown: StoredPlan) -> int:
    now = await foresee(connection, workspace, load_shipped())
    if now.hash != shown.hash:
        raise _changed(shown.writes, [stored_form(write) for write in now.changes], "twinledger sync plan")
    await release(connection, [write.intent_id for write in now.changes], shown.hash)
    return len(now.changes)


async def _accept_undo(connection: Connection, workspace: str, shown: StoredPlan) -> int:
    undo = Undo.of(shown.origin)
    now = await foresee_undo(connection, workspace, load_shipped(), undo)
    if now.hash != shown.hash:
        raise _changed(shown.writes, [stored_form(write) for write in now.writes], undo.command())
    await apply_undo(connection, workspace, now)
    return len(now.writes)


async def gate_of(connection: Connection, workspace: str) -> Gate:
    gate = await load_gate(connection, workspace)
    if gate is None:
        raise CommandError(f"no workspace {workspace}", "twinledger sync status", Exit.NOT_FOUND)
    return gate


def _refuse_unless_held(gate: Gate) -> None:
    if gate.text() == "reading":
        raise CommandError("both sides are still being read", "twinledger sync status")
    if gate.text() == "open":
        raise CommandError("the gate is open: writes leave by themselves", "twinledger sync pause")


async def _no_beginning(connection: Connection, workspace: str, gate: Gate) -> CommandError | None:
    """Whoever goes live says from which date documents are synced: without it every old one would be made
    in the other ledger, closed periods with it."""
    if gate.held_by != BY_GO_LIVE or gate.accepted_plans:
        return None
    dated = sorted(rule.entity for rule in load_shipped().sync_rules.values() if rule.dated_by is not None)
    if not dated or (await load_settings(connection, workspace)).get("since"):
        return None
    return CommandError(
        f"nobody has said from which date documents ({', '.join(dated)}) are synced",
        f"twinledger admin settings set since 2026-01-01 --workspace {workspace}, then twinledger sync plan",
        Exit.NOT_ALLOWED,
    )


def _changed(shown: Sequence[Row], now: Sequence[Row], next_command: str) -> CommandError:
    before = {_key(row): row for row in shown}
    after = {_key(row): row for row in now}
    told = [
        *(f"+ {after[key]['record']}" for key in sorted(after.keys() - before.keys())),
        *(f"- {before[key]['record']}" for key in sorted(before.keys() - after.keys())),
        *(
            f"~ {after[key]['record']}"
            for key in sorted(before.keys() & after.keys())
            if hash_of([before[key]["content"]]) != hash_of([after[key]["content"]])
        ),
    ]
    more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return CommandError(f"the plan changed since it was shown: {', '.join(told[:_TOLD])}{more}", next_command)


def _key(row: Row) -> tuple[str, str]:
    return row["content"]["object"], row["content"]["entity"]


def _whole(gate: Gate, foresight: Foresight, costs: Sequence[GroupForecast]) -> Row:
    changes = [_change(write, foresight.effects) for write in foresight.changes]
    unknown = [{"value": "unknown", **row} for row in foresight.unknown]
    return {
        "plan": foresight.hash,
        "gate": gate.text(),
        "changes": len(changes),
        "no_change": foresight.no_change,
        "unknown": len(unknown),
        "effects": len(foresight.effects),
        "forecast": [asdict(cost) for cost in costs],
        "records": [*changes, *unknown],
    }


def _change(write: PlannedWrite, effects: Mapping[UUID, str]) -> Row:
    return {
        "value": "change",
        "record": write.record,
        "entity_type": write.entity_type,
        "op": write.op,
        "fields": {
            path: {"before": write.before.get(path), "after": value}
            for path, value in sorted(write.patch.items())
        },
        **({"effect": effects[write.intent_id]} if write.intent_id in effects else {}),
    }


def _print_table(
    gate: Gate, foresight: Foresight, costs: Sequence[GroupForecast], *, may_apply: bool
) -> None:
    if foresight.changes:
        print_rows([_line(write, foresight.effects) for write in foresight.changes[:_SHOWN]], Form.table)
        if len(foresight.changes) > _SHOWN:
            say(f"and {len(foresight.changes) - _SHOWN} more; all of them: -o json")
        typer.echo("")
    if foresight.unknown:
        typer.echo("unknown")
        print_rows(foresight.unknown[:_SHOWN], Form.table, ("record", "reason"))
        typer.echo("")
    if costs:
        print_rows([asdict(cost) for cost in costs], Form.table)
        typer.echo("")
    print_record(
        {
            "plan": foresight.hash,
            "gate": gate.text(),
            "changes": len(foresight.changes),
            "no change": foresight.no_change,
            "unknown": len(foresight.unknown),
            "effects": len(foresight.effects),
        },
        Form.table,
    )
    if foresight.changes and gate.text() == "held" and may_apply:
        say(f"try: twinledger sync apply --plan {foresight.hash}")


def _line(write: PlannedWrite, effects: Mapping[UUID, str]) -> Row:
    creating = write.op == "create"
    shown = [
        f"{path}: {value}" if creating else f"{path}: {write.before.get(path)} -> {value}"
        for path, value in sorted(write.patch.items())
        if value is not None or not creating
    ]
    shown += [f"effect: {effects[write.intent_id]}"] if write.intent_id in effects else []
    return {"record": write.record, "op": write.op, "fields": "\n".join(shown)}
