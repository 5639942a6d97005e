"""Whether new activations are paused, as the portal knows it: asked again every few seconds.

It never keeps a page from its student: with the ledger away, what was known last stands.
"""

import asyncio
from contextlib import suppress

import asyncpg

from ledger import pauses
from ledger.pauses import Pause
from ledger.pool import UNAVAILABLE, Pool

_WITHIN = 0.5


class Pauses:
    def __init__(self, pool: Pool, *, fresh: float = 3.0) -> None:
        self._pool = pool
        self._fresh = fresh
        self._known: Pause | None = None
        self._ask_at = 0.0

    async def current(self) -> Pause | None:
        now = asyncio.get_running_loop().time()
        if now >= self._ask_at:
            # Set first: while one asks, the others go on with what is known.
            self._ask_at = now + self._fresh
            with suppress(*UNAVAILABLE, asyncpg.PostgresError):
                async with asyncio.timeout(_WITHIN):
                    self._known = await pauses.current(self._pool)
        return self._known
