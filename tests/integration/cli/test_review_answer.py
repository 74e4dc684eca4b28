"""`twinledger review answer` on a real database: what is said is stored, and enrich is asked to plan."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.fakes.feeding import Enrich
from tests.fakes.feeding import enrich as enrich
from tests.integration.enrich.test_field_policies import BOOKS, CLIENT, both_changed, patches
from tests.integration.enrich.test_mass_deletes import gone, people

from twinledger.enrich.replanner import Replanner
from twinledger.kernel.resources import migrations_dir

PROGRAM = "from twinledger.cli.main import main; main()"
SERVICES = migrations_dir().parents[2] / "services"


async def say(database: str, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """`twinledger review answer ...` as a person types it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        "review",
        "answer",
        *arguments,
        "-o",
        "json",
        cwd=folder,
        env={**os.environ, "DATABASE_URL": database, "PYTHONPATH": str(SERVICES)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_conflict_is_settled_by_the_side_a_person_chooses(
    enrich: Enrich, database: str, tmp_path: Path
) -> None:
    number = str(await both_changed(enrich))
    code, _, err = await say(database, tmp_path, number)
    assert code == 2 and "whose value holds?" in err
    code, _, err = await say(database, tmp_path, number, "--choose", BOOKS)
    assert code == 1 and f"{BOOKS} is none of" in err
    code, out, err = await say(database, tmp_path, number, "--choose", "zoho_crm.contact")
    assert code == 0, err
    assert json.loads(out) == {"id": int(number), "chosen": "zoho_crm.contact", "was": "Anna", "is": "Annie"}
    await Replanner(enrich.pool, enrich.pipeline).plan_one()
    wanted = await patches(enrich)
    assert wanted[CLIENT]["name.given"] == wanted[BOOKS]["name.given"] == "Annie"


async def test_what_is_not_asked_or_not_answered_here_is_said_to_be(
    enrich: Enrich, database: str, tmp_path: Path
) -> None:
    assert (await say(database, tmp_path, "7"))[0] == 3
    number = await enrich.pool.fetchval(
        """insert into review_item (workspace, kind, subject, evidence)
           values ('default', 'totals_differ', 'entity:1', '{}') returning id"""
    )
    code, _, err = await say(database, tmp_path, str(number))
    assert code == 2 and "a totals_differ is seen to in the ledgers" in err and "--done" in err


async def test_what_is_seen_to_in_the_ledgers_is_closed_with_a_reason(
    enrich: Enrich, database: str, tmp_path: Path
) -> None:
    number = await enrich.pool.fetchval(
        """insert into review_item (workspace, kind, subject, evidence)
           values ('default', 'totals_differ', 'entity:1', '{"a": 1}') returning id"""
    )
    done = (str(number), "--done", "--reason", "a rounding of Books")
    code, out, err = await say(database, tmp_path, *done)
    assert code == 0, err
    assert json.loads(out) == {"id": number, "kind": "totals_differ", "answer": "done"}
    (row,) = await enrich.rows("select state, evidence from review_item")
    assert row["state"] == "answered" and row["evidence"]["a"] == 1
    assert row["evidence"]["answer"]["reason"] == "a rounding of Books"
    code, _, err = await say(database, tmp_path, *done)
    assert code == 3 and "is not open" in err


async def test_a_number_that_no_question_can_have_is_refused(database: str, tmp_path: Path) -> None:
    code, _, err = await say(database, tmp_path, "99999999999999999999")
    assert code == 2 and "Traceback" not in err


async def test_held_deletions_are_released_or_let_go(enrich: Enrich, database: str, tmp_path: Path) -> None:
    await people(enrich, 21)
    await enrich.feed(*gone(enrich, *range(21)))
    (question,) = await enrich.rows("select id from review_item where kind = 'mass_delete'")
    code, _, err = await say(database, tmp_path, str(question["id"]))
    assert code == 2 and "pass them on?" in err
    code, out, err = await say(database, tmp_path, str(question["id"]), "--apply")
    assert code == 0, err
    assert json.loads(out) == {"id": question["id"], "released": 21, "of": "customer"}
    assert {row["state"] for row in await enrich.rows("select state from tombstone")} == {"released"}
    assert (await say(database, tmp_path, str(question["id"]), "--discard"))[0] == 3
