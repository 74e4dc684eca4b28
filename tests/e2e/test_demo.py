"""The whole product as a person starts it: the demo ends equal, stays up, survives kills, stops clean."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import KAFKA_LIBS, note_server
from tests.eventually import eventually

from twinledger.kernel.http import new_http_client

ROOT = KAFKA_LIBS.parents[2]
DEMO_WITHIN_S = 240
_PROGRAM = "from twinledger.cli.main import main; main()"
DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Demo:
    """A running `twinledger dev --demo` and what it printed."""

    process: subprocess.Popen[str]
    summary: dict[str, Any]
    run_file: Path

    @property
    def run(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run_file.read_text(encoding="utf-8"))
        return found

    async def act(
        self, object_name: str, op: str, fields: dict[str, Any], record_id: str | None = None
    ) -> str:
        """What a person does in the vendor's own web page."""
        system, _, name = object_name.partition(".")
        body = {"system": system, "object": name, "op": op, "id": record_id, "fields": fields}
        async with new_http_client() as http:
            answer = await http.post(f"{self.run['admin']}/act", json=body)
        return str(answer.json()["id"])

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`twinledger ...` as an operator types it beside the running stack."""
        return subprocess.run(
            [sys.executable, "-c", _PROGRAM, *arguments, "--dir", str(self.run_file.parent), "-o", "json"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "services")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    async def lines(self, path: str) -> list[dict[str, Any]]:
        async with new_http_client() as http:
            answer = await http.get(f"{self.run['admin']}/{path}")
        return [json.loads(line) for line in answer.content.splitlines()]

    async def records(self, object_name: str) -> list[dict[str, Any]]:
        system, _, name = object_name.partition(".")
        return [row["record"] for row in await self.lines(f"state?system={system}&object={name}")]

    async def in_crm(self, email: str) -> list[dict[str, Any]]:
        """CRM's contacts with this address."""
        return [row for row in await self.records("zoho_crm.contact") if row["Email"] == email]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    arguments = ["dev", "--demo", "-o", "json", "--dir", str(folder)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TWINLEDGER_")}
    with (folder / "stderr").open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *arguments],
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT / "services")},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    watchdog = threading.Timer(DEMO_WITHIN_S, process.kill)
    watchdog.start()
    try:
        text = _first_json(process)
        assert text, (folder / "stderr").read_text(encoding="utf-8")[-4000:]
        summary = json.loads(text)
        note_server(pytestconfig, "broker", summary["broker"])
        note_server(pytestconfig, "database", summary["database"])
        yield Demo(process, summary, folder / "run.json")
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _first_json(process: subprocess.Popen[str]) -> str:
    """The summary is printed while the program stays up: read to the line that closes it."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            return text
    return ""


def test_both_sides_are_equal_when_read_through_the_vendors_apis(demo: Demo) -> None:
    assert demo.summary["unequal"] == []
    assert demo.summary["equal"] is True
    counts = {row["entity"]: (row["freshbooks"], row["zoho"]) for row in demo.summary["entities"]}
    assert counts == {
        "customer": (51, 51),
        "item": (12, 12),
        "tax": (5, 5),
        "sales_order": (36, 36),
        "invoice": (36, 36),
        "payment": (13, 13),
    }


def test_the_same_field_edited_twice_is_a_conflict_with_both_values(demo: Demo) -> None:
    values = {(row["winner"]["value"], row["loser"]["value"]) for row in demo.summary["conflicts"]}
    assert values & {("Alex", "Alexandra"), ("Alexandra", "Alex")}


def test_the_poisoned_record_is_a_dead_letter(demo: Demo) -> None:
    assert "schema" in [letter["reason"] for letter in demo.summary["dead_letters"]]


async def test_each_value_of_a_record_is_traced_to_where_it_comes_from(demo: Demo) -> None:
    (client,) = [
        row for row in await demo.records("freshbooks.client") if row["fname"] in ("Alex", "Alexandra")
    ]
    answer = demo.command("audit", "show", f"freshbooks.client/{client['id']}")
    assert answer.returncode == 0, answer.stderr
    trail = json.loads(answer.stdout)
    objects = {row["record"].partition("/")[0] for row in trail["records"]}
    assert objects >= {"freshbooks.client", "zoho_crm.contact", "zoho_books.contact"}
    (given,) = [row for row in trail["values"] if row["field"] == "name.given"]
    assert given["value"] == client["fname"]
    assert given["cause"].startswith("observation ")
    assert given["set_by"] in given["cause"]
    assert {row["field"] for row in trail["conflicts"]} >= {"name.given"}
    assert {row["state"] for row in trail["writes"]} <= {"confirmed", "superseded"}


def test_a_record_that_is_linked_to_nothing_is_said_to_be(demo: Demo) -> None:
    answer = demo.command("audit", "show", "freshbooks.client/0")
    assert answer.returncode == 3
    assert "linked to nothing" in answer.stderr


def test_open_questions_are_listed_and_shown(demo: Demo) -> None:
    listed = demo.command("review", "list")
    assert listed.returncode == 0, listed.stderr
    for row in json.loads(listed.stdout):
        assert json.loads(demo.command("review", "show", str(row["id"])).stdout)["state"] == "open"
    assert demo.command("review", "show", "999999").returncode == 3


async def test_every_order_has_one_invoice_in_the_sandboxs_ledger(demo: Demo) -> None:
    created = [
        touched["id"]
        for line in await demo.lines("ledger?system=freshbooks&kind=effect")
        for touched in line["objects"]
        if touched["object"] == "invoice" and touched["op"] == "create"
    ]
    numbers = Counter(row["invoice_number"] for row in await demo.records("freshbooks.invoice"))
    assert len(created) == len(set(created)) == 36
    assert set(numbers.values()) == {1}


async def test_an_edit_on_either_side_reaches_the_other(demo: Demo) -> None:
    email = "ada@byron.example"
    await demo.act("freshbooks.client", "create", {"fname": "Ada", "lname": "Byron", "email": email})
    await _reaches_crm(demo, email)
    (contact,) = await demo.in_crm(email)
    await demo.act("zoho_crm.contact", "update", {"First_Name": "Augusta"}, contact["id"])

    async def renamed() -> bool:
        return "Augusta" in {row["fname"] for row in await demo.records("freshbooks.client")}

    await eventually(renamed, within_s=DEADLINE_S, every_s=0.1)


@pytest.mark.parametrize("stage", ["ingest", "transform", "enrich", "loader"])
async def test_a_killed_stage_comes_back_and_loses_nothing(demo: Demo, stage: str) -> None:
    email, pid = f"{stage}@killed.example", demo.run["stack"]["pids"][stage]
    os.kill(pid, signal.SIGKILL)
    await demo.act("freshbooks.client", "create", {"fname": "Kay", "lname": stage.title(), "email": email})
    await _reaches_crm(demo, email)
    assert len(await demo.in_crm(email)) == 1
    assert demo.run["stack"]["pids"][stage] != pid


def test_ctrl_c_stops_everything_and_exits_clean(demo: Demo) -> None:
    pids = list(demo.run["stack"]["pids"].values())
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert not demo.run_file.exists()


async def _reaches_crm(demo: Demo, email: str) -> None:
    async def there() -> bool:
        return bool(await demo.in_crm(email))

    await eventually(there, within_s=DEADLINE_S, every_s=0.1)
