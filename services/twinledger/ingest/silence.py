"""Ingest, polling: whether the subscription of an object still speaks.

Silent is one whose changes the polls find, in three of them running, without one that was announced.
"""

from __future__ import annotations

import structlog

from twinledger.kernel.database import Pool, transaction
from twinledger.state.subscriptions import mark_heard, mark_silent

__all__ = ["Silence"]

_POLLS = 3

log = structlog.get_logger()


class Silence:
    """One an object; polls that find nothing say nothing."""

    def __init__(self, workspace: str, object_name: str) -> None:
        self._workspace = workspace
        self._object = object_name
        self._announced = 0
        self._lost = 0
        self._deaf_polls = 0
        self._may_be_marked = True
        """Perhaps by the process before this one."""

    def heard(self, *, announced: int, lost: int) -> None:
        """Changes of one page, with and without a hint before them."""
        self._announced += announced
        self._lost += lost

    async def end_of_poll(self, pool: Pool) -> None:
        """Say what has changed, if anything."""
        announced, lost = self._announced, self._lost
        self._announced = self._lost = 0
        if announced:
            self._deaf_polls = 0
            if self._may_be_marked:
                async with transaction(pool) as connection:
                    await mark_heard(connection, self._workspace, self._object)
                self._may_be_marked = False
        elif lost:
            self._deaf_polls += 1
            if self._deaf_polls % _POLLS == 0:
                await self._mark(pool)

    async def _mark(self, pool: Pool) -> None:
        self._may_be_marked = True
        async with transaction(pool) as connection:
            news = await mark_silent(connection, self._workspace, self._object)
        if news:
            log.warning("subscription_silent", object=self._object)
