"""Whether new activations are paused, as the portal knows it: asked again every few seconds.

It never keeps a page from its student: with the ledger away or slow, what was known last stands
for a moment, and after that no page says what may have long been over.
"""

import asyncio
from contextlib import suppress

from ledger import pauses
from ledger.pauses import Pause
from postgres import NO_RESULT, Pool

_WITHIN = 0.5
_HOLDS = 15.0
"""Seconds for which a pause that could not be confirmed again is still told."""


class Pauses:
    def __init__(self, pool: Pool, *, fresh: float = 3.0) -> None:
        self._pool = pool
        self._fresh = fresh
        self._known: Pause | None = None
        self._ask_at = 0.0
        self._until = 0.0

    async def current(self) -> Pause | None:
        now = asyncio.get_running_loop().time()
        if now >= self._ask_at:
            # Set first: while one asks, the others go on with what is known.
            self._ask_at = now + self._fresh
            with suppress(*NO_RESULT):
                async with asyncio.timeout(_WITHIN):
                    self._known = await pauses.current(self._pool)
                    self._until = now + _HOLDS
        return self._known if now < self._until else None
