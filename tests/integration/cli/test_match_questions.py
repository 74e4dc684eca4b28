"""`sync match` and `review answer` for match questions, as a person types them: one by one, and all."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.fakes.deadlock import deadlock_once
from tests.fakes.feeding import ANA, Enrich
from tests.fakes.feeding import enrich as enrich
from tests.integration.cli.test_review_answer import PROGRAM, SERVICES
from tests.integration.enrich.test_matching import CLIENT, CONTACT, NAMESAKE

from twinledger.cli.failure import CommandError
from twinledger.cli.match_answers import Many
from twinledger.cli.match_answers import _answered as answered_as_shown
from twinledger.cli.match_answers import _questions as shown_for
from twinledger.kernel.metrics import MATCH_DECISIONS

WHY = ("--reason", "asked them")


class Answer(NamedTuple):
    code: int
    out: Any
    err: str


Twinledger = Callable[..., Awaitable[Answer]]


@pytest.fixture
def twinledger(enrich: Enrich, database: str, tmp_path: Path) -> Twinledger:
    async def run(*arguments: str, stdin: str = "") -> Answer:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, *arguments, "-o", "json"),
            cwd=tmp_path,
            env={**os.environ, "DATABASE_URL": database, "PYTHONPATH": str(SERVICES)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin.encode())
        text = out.decode().strip()
        return Answer(process.returncode or 0, json.loads(text) if text else None, err.decode())

    return run


async def questions(enrich: Enrich, count: int = 1) -> None:
    """Records that only share a name with the client."""
    await enrich.feed(enrich.record(CLIENT, "1", ANA))
    for number in range(1, count + 1):
        await enrich.feed(enrich.record(CONTACT, f"9{number}", NAMESAKE))


async def states(enrich: Enrich) -> dict[str, str]:
    rows = await enrich.rows("select external_id, status from crosswalk where object = $1", CONTACT)
    return {row["external_id"]: row["status"] for row in rows}


async def test_buckets_are_counted_and_the_questions_listed(enrich: Enrich, twinledger: Twinledger) -> None:
    await questions(enrich)
    counted = await twinledger("sync", "match")
    customers = {"entity": "customer", "link": 0, "review": 1, "only_left": 1, "only_right": 0}
    assert (counted.code, counted.out) == (0, [customers])
    (asked,) = (await twinledger("sync", "match", "--bucket", "review", "--entity", "customer")).out
    assert (asked["record"], asked["why"]) == (f"{CONTACT}/91", "perhaps_the_same")
    assert (await twinledger("sync", "match", "--bucket", "review", "--entity", "item")).out == []


async def test_one_question_is_answered_with_a_reason(enrich: Enrich, twinledger: Twinledger) -> None:
    await questions(enrich)
    (asked,) = (await twinledger("sync", "match", "--bucket", "review")).out
    number = str(asked["id"])
    nothing = await twinledger("review", "answer", number)
    assert nothing.code == 2 and "--link, --new or --ignore?" in nothing.err
    silent = await twinledger("review", "answer", number, "--new")
    assert silent.code == 2 and f"twinledger review answer {number} --new --reason" in silent.err
    odd = await twinledger("review", "answer", number, "--link", "somebody", *WHY)
    assert odd.code == 2 and "neither an entity nor OBJECT/ID" in odd.err
    said = await twinledger("review", "answer", number, "--link", f"{CLIENT}/1", *WHY)
    assert (said.code, said.out["record"], said.out["answer"]) == (0, f"{CONTACT}/91", "link")
    assert await states(enrich) == {"91": "active"}
    again = await twinledger("review", "answer", number, "--new", *WHY)
    assert again.code == 1


async def test_all_are_counted_before_they_are_answered(enrich: Enrich, twinledger: Twinledger) -> None:
    await questions(enrich, 3)
    every = ("review", "answer", "--all", "--ignore", *WHY)
    shown = await twinledger(*every, "--dry-run")
    assert (shown.out["questions"], len(shown.out["first"])) == (3, 3)
    refused = await twinledger(*every, "--no-input")
    assert refused.code == 2 and "3 answers must be confirmed" in refused.err
    declined = await twinledger(*every, stdin="n\n")
    assert declined.code == 1 and "answer 3 questions with ignore?" in declined.err
    assert {*(await states(enrich)).values()} == {"orphan"}
    done = await twinledger(*every, stdin="y\n")
    assert done.out == {"answer": "ignore", "answered": 3, "refused": 0}
    assert {*(await states(enrich)).values()} == {"ignored"}
    nothing = await twinledger(*every, "--yes")
    assert nothing.code == 3 and "no open match question fits" in nothing.err


async def test_the_only_candidate_is_linked_and_what_cannot_be_is_named(
    enrich: Enrich, twinledger: Twinledger
) -> None:
    await questions(enrich, 2)
    every = ("review", "answer", "--all", "--link", "likeliest", *WHY)
    assert (await twinledger(*every, "--why", "duplicate_in_one_system", "--yes")).code == 3
    done = await twinledger(*every, "--yes")
    assert (done.code, done.out["answered"], done.out["refused"]) == (5, 1, 1)
    assert f"{CONTACT}/92: " in done.err
    assert await states(enrich) == {"91": "active", "92": "orphan"}


async def test_what_became_another_question_meanwhile_is_refused(
    enrich: Enrich, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    await questions(enrich)
    likeliest = Many("default", "likeliest", False, False, "asked them")
    shown = await shown_for(likeliest, tmp_path)
    other = {"email": "other@pier.example", "phones.business": "+12075550177"}
    await enrich.feed(enrich.record(CLIENT, "2", ANA | other))
    await enrich.feed(enrich.record(CONTACT, "91", NAMESAKE))
    answered, ((_, why),) = await answered_as_shown(likeliest, shown, tmp_path)
    assert answered == 0 and why == "it may be somebody else than was shown"


async def test_a_question_that_names_no_candidates_is_answered_with_the_others(
    enrich: Enrich, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As that of a merged record which lives again."""
    monkeypatch.setenv("DATABASE_URL", database)
    await questions(enrich)
    await enrich.pool.execute("update review_item set evidence = evidence - 'candidates'")
    new = Many("default", None, True, False, "asked them")
    assert await answered_as_shown(new, await shown_for(new, tmp_path), tmp_path) == (1, [])


async def test_answers_and_enrich_that_wait_for_each_other_end_both(
    enrich: Enrich, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """PostgreSQL ends one of them; if it is ours it begins again."""
    monkeypatch.setenv("DATABASE_URL", database)
    await questions(enrich)
    ignore = Many("default", None, False, True, "asked them")
    shown = await shown_for(ignore, tmp_path)
    await enrich.pool.execute(deadlock_once("review_item"))
    assert await answered_as_shown(ignore, shown, tmp_path) == (1, [])
    assert await enrich.pool.fetchval("select last_value from passages") == 2


async def test_one_or_all_must_be_said(twinledger: Twinledger) -> None:
    refused = await twinledger("review", "answer", "7", "--all", "--new", *WHY)
    assert refused.code == 2 and "one question by its ID, or --all" in refused.err


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({}, "--new, --ignore or --link likeliest?"),
        ({"new": True, "ignore": True}, "--new, --ignore or --link likeliest?"),
        ({"link": f"{CLIENT}/1"}, "many records are not one entity"),
        ({"new": True, "reason": None}, "the audit keeps it"),
    ],
)
def test_a_word_that_fits_no_crowd_is_refused(said: dict[str, Any], says: str) -> None:
    nothing: dict[str, Any] = {"link": None, "new": False, "ignore": False, "reason": "asked"}
    with pytest.raises(CommandError, match=says):
        Many("default", **{**nothing, **said}).check()


async def test_decisions_are_counted_by_their_bucket(enrich: Enrich) -> None:
    def counts() -> dict[str, float]:
        buckets = ("link", "review", "new")
        return {one: MATCH_DECISIONS.labels(one, "customer")._value.get() for one in buckets}

    before = counts()
    await questions(enrich)
    await enrich.feed(enrich.record("zoho_crm.contact", "6", ANA))
    gained = {one: counts()[one] - before[one] for one in before}
    assert gained == {"link": 1, "review": 1, "new": 1}
