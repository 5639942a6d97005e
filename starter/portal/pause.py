"""Caches whether new activations are paused, and reads it again every few seconds.

It never blocks a page: while the ledger is unavailable or slow, the last value is used for 15
seconds, and after that activations count as not paused.
"""

import asyncio

from ledger import pauses
from ledger.pauses import Pause
from ledger.refusals import passed_over
from postgres import Pool
from web import times


class Pauses:
    def __init__(self, pool: Pool, *, fresh: float = times.PAUSE_FRESH_SECONDS) -> None:
        self._pool = pool
        self._fresh = fresh
        self._known: Pause | None = None
        self._ask_at = 0.0
        self._until = 0.0

    async def current(self) -> Pause | None:
        now = asyncio.get_running_loop().time()
        if now >= self._ask_at:
            # Set first, so that only one request reads and the others use the cached value.
            self._ask_at = now + self._fresh
            with passed_over():
                async with asyncio.timeout(times.PAUSE_READ_SECONDS):
                    self._known = await pauses.current(self._pool)
                    self._until = now + times.PAUSE_KEPT_SECONDS
        return self._known if now < self._until else None
