"""Limits the concurrent starts of one portal process, and spreads the retries of refused ones."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_AT_ONCE, _EXTRA = 4, 2
"""How many starts one portal handles at once, and how many without a slot it checks meanwhile:
fewer than its ledger connections, so that students inside never wait for a crowd of starts."""
_ROOM = 40
"""How many may wait for a slot or have one: about as many as get one in time."""
SOONEST, LATEST = 3, 45
"""Limits of Retry-After in seconds; a time that was told cannot be shortened later."""
_FASTEST, _SLOWEST = 0.05, 2
"""Limits of the measured seconds between two starts."""
_RECENT = 20


class Admission:
    """Gives slots to starts, and spreads retries of refused ones; `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.room = asyncio.Semaphore(_ROOM)
        self.turns = asyncio.Semaphore(_AT_ONCE)
        self.extra = asyncio.Semaphore(_EXTRA)
        self.refusals = asyncio.Semaphore(1)
        self._clock = clock
        self._admitted: deque[float] = deque(maxlen=_RECENT)
        self._last = -math.inf

    def admitted(self) -> None:
        """Note that a start was admitted, to measure the rate."""
        self._admitted.append(self._clock())

    def retry_after(self) -> int:
        """Return the seconds until a refused start may retry: one by one, at the recent rate.

        With the same delay for all, a large crowd would return at once each time, and the portal
        would do nothing but refuse it. Beyond `LATEST` the delays start at `SOONEST` again.
        """
        now = self._clock()
        pace = (now - self._admitted[0]) / len(self._admitted) if self._admitted else _FASTEST
        after = self._last + min(max(pace, _FASTEST), _SLOWEST)
        self._last = after if SOONEST <= after - now <= LATEST else now + SOONEST
        return math.ceil(self._last - now)


@asynccontextmanager
async def acquired(semaphore: asyncio.Semaphore, within: float) -> AsyncIterator[bool]:
    """Hold the semaphore in the block; yields False if it was not free within these seconds."""
    try:
        async with asyncio.timeout(within):
            await semaphore.acquire()
    except TimeoutError:
        yield False
        return
    try:
        yield True
    finally:
        semaphore.release()
