"""Mutants: what keeps the loader awake, its looks small, and its calls paid for."""

from __future__ import annotations

from tests.mutants.safeguard import LOADER, STATE, Safeguard

__all__ = ["WAKING"]

WAKING = (
    Safeguard(
        "a plan is told with its commit",
        [f"{LOADER}test_words.py"],
        "twinledger.state.intents",
        "returning pg_notify($14, workspace || $15 || budget_group)",
        "returning $14::text, $15::text",
    ),
    Safeguard(
        "what a round left is taken up",
        [f"{LOADER}test_words.py"],
        "twinledger.loader.executor",
        "if not sent or not self._left_some:\n                await self._idle()",
        "self._left_some = False\n            await self._idle()",
    ),
    Safeguard(
        "looks after late writes read no other sides",
        [f"{STATE}test_cost_of_looks.py"],
        "twinledger.state.shadows",
        "and e.workspace = $1 offset 0)",
        "and e.workspace = $1)",
    ),
    Safeguard(
        "one index for what is under way",
        [f"{STATE}test_cost_of_looks.py"],
        "twinledger.state.intent_queue",
        "and u.role = i.role and u.state in ('sending', 'unknown') offset 0)\n               and",
        "and u.role = i.role and u.state in ('sending', 'unknown'))\n               and",
    ),
    Safeguard(
        "no sending mark without a grant",
        [f"{STATE}test_paying.py"],
        "twinledger.state.intent_queue",
        "where t.call <= cardinality(paid.permits)",
        "where true",
    ),
    Safeguard(
        "two loaders mark a write once",
        [f"{STATE}test_paying.py"],
        "twinledger.state.intent_queue",
        "and i.id = t.id and i.attempt = t.attempt and i.state = any($15::text[])\n",
        "and i.id = t.id and (true or i.attempt = t.attempt and i.state = any($15::text[]))\n",
    ),
    Safeguard(
        "a plan made again looks for its parent again",
        [f"{STATE}test_planned_again.py"],
        "twinledger.state.intents",
        "failures = 0, waits_for = null",
        "failures = 0",
    ),
    Safeguard(
        "an answer nobody can settle is set apart",
        [f"{LOADER}test_poison_writes.py"],
        "twinledger.loader.settle_queue",
        "            except Exception as error:  # the runner of answers",
        "            except ZeroDivisionError as error:  # the runner of answers",
    ),
)
