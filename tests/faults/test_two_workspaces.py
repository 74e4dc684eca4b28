"""Two workspaces in one installation: added while the stages run, side by side, and nothing ever crosses.

The first is the stack's own (data centre us). The second has a FreshBooks account of a second sandbox and
the European data centre of the first one.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from tests.eventually import eventually
from tests.faults.conftest import Live
from tests.faults.every_byte import every_byte

from twinledger.cli.demo.acts import People
from twinledger.state.connections import open_grant
from twinledger.state.sealing import KeyFile, Sealer, open_key_wrapper

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = "europe"


@dataclass
class Second:
    """The second FreshBooks account."""

    people: People
    urls: Path


@dataclass
class Command:
    """`twinledger ...` as a person runs it, on the running stack."""

    live: Live

    async def __call__(self, *arguments: str, code: int = 0, stdin: str = "") -> Any:
        root = str(self.live.session.stack.folders.root)
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("twinledger")), *arguments, "--dir", root),
            env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = await process.communicate(stdin.encode())
        assert process.returncode == code, (arguments, process.returncode, err.decode())
        return json.loads(out) if "-o" in arguments and code == 0 else (out + err).decode()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, live: Live) -> Iterator[Second]:
    urls = tmp_path_factory.mktemp("second") / "urls.json"
    arguments = ("--port", "0", "--seed", "2", "--customers", "0", "--vendors", "freshbooks,zoho_accounts")
    process = subprocess.Popen(
        [sys.executable, "-m", "twinledger.sandbox", *arguments, "--urls", str(urls)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"sandbox ready")
    admin = orjson.loads(urls.read_bytes())["admin"]
    yield Second(People(live.session.http, admin), urls)
    process.terminate()
    process.wait(timeout=30)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def command(live: Live, second: Second) -> Command:
    """With the second workspace connected."""
    run = Command(live)
    await run("admin", "workspaces", "add", SECOND)
    add = ("connections", "add", "-o", "json", "--workspace", SECOND)
    await run(*add, "freshbooks", "--urls", str(second.urls))
    connected = await run(*add, "zoho", "--sandbox", "--data-centre", "eu")
    assert connected["company"] == "Harbor Works Europe"
    assert connected["account"]["api_domain"] == live.session.stack.sandbox["zoho"]["eu"]["api_domain"]
    return run


async def client(people: People, name: str) -> str:
    fields = {"fname": name, "lname": "Winter", "email": f"{name.lower()}@winter.example"}
    return await people.create("freshbooks.client", fields)


def winters(rows: list[dict[str, Any]]) -> set[str]:
    return {row["contact_persons"][0]["first_name"] for row in rows if "Winter" in row["contact_name"]}


async def names(people: People, site: str) -> set[str]:
    return winters(await people.records(f"zoho_books{site}.contact"))


def holds(people: People, site: str, name: str) -> Callable[[], Any]:
    async def looked() -> bool:
        return name in await names(people, site)

    return looked


async def test_both_sync_side_by_side_and_nothing_crosses(
    live: Live, second: Second, command: Command
) -> None:
    await client(live.people, "Una")
    await client(second.people, "Erik")
    await eventually(holds(live.people, "", "Una"), within_s=40)
    await eventually(holds(live.people, "@eu", "Erik"), within_s=40)
    assert (await names(live.people, ""), await names(live.people, "@eu")) == ({"Una"}, {"Erik"})
    crossed = """select count(*) from entity e join crosswalk c on c.entity_id = e.id
                  where c.workspace <> e.workspace"""
    assert await live.session.pool.fetchval(crossed) == 0


async def test_each_workspace_has_its_own_budget(live: Live, command: Command) -> None:
    groups = await live.session.pool.fetch("select workspace, budget_group from budget order by 1, 2")
    both = {
        workspace: {row["budget_group"] for row in groups if row["workspace"] == workspace}
        for workspace in ("default", SECOND)
    }
    assert both["default"] == both[SECOND] >= {"freshbooks", "zoho_crm", "zoho_finance"}


async def test_no_token_of_one_data_centre_is_sent_to_the_other(live: Live, command: Command) -> None:
    """Each simulated data centre knows its own tokens only: a stranger's would be refused with 401."""
    requests = [row for row in await live.ledger() if row["kind"] == "request"]
    european = [row for row in requests if row["system"].endswith("@eu")]
    assert european
    assert [row for row in requests if row["status"] == 401] == []


async def test_a_lost_grant_leaves_the_other_workspace_alone_and_a_reconnect_is_taken_up(
    live: Live, second: Second, command: Command
) -> None:
    pool = live.session.pool
    before = await command("connections", "show", "zoho", "--workspace", SECOND, "-o", "json")
    await revoke(live, command)
    await client(second.people, "Nils")
    await client(live.people, "Dora")
    await eventually(holds(live.people, "", "Dora"), within_s=40)
    state = "select state from connection where workspace = $1 and platform = 'zoho'"

    async def is_known() -> bool:
        return bool(await pool.fetchval(state, SECOND) == "reconnect_needed")

    await eventually(is_known, within_s=40)
    await command("connections", "test", "zoho", "--workspace", SECOND, code=1)
    after = await command(
        *("connections", "authorize", "zoho", "--sandbox", "--data-centre", "eu", "-o", "json"),
        *("--workspace", SECOND),
    )
    assert (after["id"], after["state"]) == (before["id"], "ok")
    await eventually(holds(live.people, "@eu", "Nils"), within_s=40)
    dead = "select count(*) from dead_letter where workspace = $1"
    assert await pool.fetchval(dead, SECOND) == 0


async def revoke(live: Live, command: Command) -> None:
    """The person ends the access in the vendor's own page."""
    pool, keys = live.session.pool, KeyFile(data_dir=live.session.stack.folders.data)
    async with pool.acquire() as connection:
        grant = await open_grant(connection, Sealer(open_key_wrapper(keys)), SECOND, "zoho")
    assert grant is not None
    accounts = live.session.stack.sandbox["zoho"]["eu"]["accounts"]
    answer = await live.session.http.post(
        f"{accounts}/oauth/v2/token/revoke", params={"token": grant.refresh}
    )
    assert answer.status_code == 200


async def test_a_paused_connection_is_left_alone_until_it_is_resumed(
    live: Live, second: Second, command: Command
) -> None:
    await command("connections", "pause", "freshbooks", "--workspace", SECOND, "-o", "json")
    await asyncio.sleep(3)
    began = len(await requests_of(second))
    await client(second.people, "Sven")
    await asyncio.sleep(3)
    assert len(await requests_of(second)) == began
    await command("connections", "resume", "freshbooks", "--workspace", SECOND, "-o", "json")
    await eventually(holds(live.people, "@eu", "Sven"), within_s=40)


async def requests_of(second: Second) -> list[Any]:
    answer = await second.people.http.get(f"{second.people.admin}/ledger", params={"kind": "request"})
    return answer.content.splitlines()


async def test_another_accounts_and_foreign_answers_are_refused(
    live: Live, second: Second, command: Command
) -> None:
    await command("admin", "workspaces", "add", "third")
    add = ("connections", "add", "freshbooks", "--urls", str(second.urls), "--workspace")
    assert "another workspace" in await command(*add, "third", code=4)
    assert "connected already" in await command(*add, SECOND, code=1)
    forged = "https://localhost/cb?code=abc&state=forged\n"
    assert "another state" in await command(*add, "third", "--paste", code=4, stdin=forged)
    assert await live.session.pool.fetchval("select count(*) from connection where workspace = 'third'") == 0


async def test_keys_are_rotated_while_everything_runs(live: Live, second: Second, command: Command) -> None:
    await command("keys", "rotate", "--workspace", SECOND, "-o", "json")
    rows = {row["workspace"]: row for row in await command("keys", "verify", "-o", "json")}
    assert rows[SECOND]["failed"] == [] and rows[SECOND]["opened"] > 6
    versions = [
        (row["version"], row["values"] > 0)
        for row in await command("keys", "list", "-o", "json")
        if row["workspace"] == SECOND
    ]
    assert versions == [(1, False), (2, True)]
    await client(second.people, "Ylva")
    await eventually(holds(live.people, "@eu", "Ylva"), within_s=40)


@pytest.mark.control("SEC-03")
async def test_no_token_is_found_in_the_database_the_topics_or_the_logs(live: Live, command: Command) -> None:
    pool, keys = live.session.pool, KeyFile(data_dir=live.session.stack.folders.data)
    sealer, secrets = Sealer(open_key_wrapper(keys)), set[str]()
    async with pool.acquire() as connection:
        for workspace in ("default", SECOND):
            for platform in ("freshbooks", "zoho"):
                grant = await open_grant(connection, sealer, workspace, platform)
                assert grant is not None
                secrets |= {grant.access, grant.refresh}
    secrets |= {str(live.session.stack.sandbox[name]["client_secret"]) for name in ("freshbooks",)}
    found = await every_byte(live)
    assert found["topics"] and found["database"] and found["logs"]
    for place, content in found.items():
        for secret in secrets:
            assert secret.encode() not in content, place
            assert secret.encode().hex().encode() not in content, place
