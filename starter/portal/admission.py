"""How many starts one portal works on at once, and when those it refuses may come again."""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

_AT_ONCE, _EXTRA = 4, 2
"""How many starts one portal works on at once, and how many it looks at beside them that have no
turn: fewer than its connections to the ledger, so that who is inside never waits for a crowd."""
_ROOM = 40
"""How many may wait for a turn, or have one: about as many as get one in time."""
SOONEST, LATEST = 3, 45
"""Seconds after which to come again; whoever was told cannot be told of a better pace."""
_FASTEST, _SLOWEST = 0.05, 2
"""Seconds from one start to the next, as far as the starts of late are taken for the pace."""
_RECENT = 20


class Admission:
    """Gives turns, and spreads those who are refused over the time to come.

    `clock` tells seconds; it never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.room = asyncio.Semaphore(_ROOM)
        self.turns = asyncio.Semaphore(_AT_ONCE)
        self.extra = asyncio.Semaphore(_EXTRA)
        self.refusals = asyncio.Semaphore(1)
        self._clock = clock
        self._admitted: deque[float] = deque(maxlen=_RECENT)
        self._last = -math.inf

    def admitted(self) -> None:
        """Note that a start found a place."""
        self._admitted.append(self._clock())

    def retry_after(self) -> int:
        """Return after how many seconds to come again: one after the other, at the pace of late.

        Sent back for the same few seconds, a large crowd would return as one, again and again, and
        the portal would do nothing but refuse. Beyond `LATEST` a second round begins.
        """
        now = self._clock()
        pace = (now - self._admitted[0]) / len(self._admitted) if self._admitted else _FASTEST
        after = self._last + min(max(pace, _FASTEST), _SLOWEST)
        self._last = after if SOONEST <= after - now <= LATEST else now + SOONEST
        return math.ceil(self._last - now)


@asynccontextmanager
async def acquired(semaphore: asyncio.Semaphore, within: float) -> AsyncIterator[bool]:
    """Hold one of these semaphore; False where none was free within so many seconds."""
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
