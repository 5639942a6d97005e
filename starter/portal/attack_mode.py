"""Asks whether attack mode is on, every few seconds, and slows starts down while it is."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from ledger import attack_mode, budgets
from ledger.budgets import Bound
from ledger.refusals import passed_over
from postgres import Pool
from settings.limits import LimitSettings
from web import times

_STARTS = "starts"


class AttackMode:
    """What one portal knows of it; while the ledger is away it is what was known last."""

    def __init__(self, pool: Pool, limits: LimitSettings) -> None:
        self._pool = pool
        self._limits = limits
        self._on = False
        self._ask_at = 0.0

    async def active(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now >= self._ask_at:
            # Set first, so that only one request asks and the others use what is known.
            self._ask_at = now + times.ATTACK_FRESH_SECONDS
            with passed_over():
                self._on = await attack_mode.since(self._pool, self._limits) is not None
        return self._on

    async def lets_start(self, reference: str, contacts: Iterable[str]) -> bool:
        """Count a start while attack mode is on; returns False for more than so many a minute.

        `contacts` are the keyed indexes of what was typed: one contact that is on file, which no
        limit of misses counts, could use up the starts of all.
        """
        if not await self.active():
            return True
        pace = Bound(_STARTS, self._limits.attack_starts_per_minute, timedelta(minutes=1))
        most = self._limits.attack_starts_per_contact
        span = timedelta(minutes=self._limits.attack_quiet_minutes)
        of_contacts = [Bound(f"{_STARTS}:{each}", most, span) for each in contacts]
        taken = await budgets.take(self._pool, [pace, *of_contacts], _use(reference))
        return budgets.latest(taken) is None

    async def give_back(self, reference: str) -> None:
        """Count a start no more that something else refuses, or few could use up those of all."""
        if self._on:
            await budgets.give_back(self._pool, _use(reference))


def _use(reference: str) -> str:
    return f"start:{reference}"
