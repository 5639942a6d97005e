"""How many starts one portal works on at once, and when those it refuses may come again."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable

AT_ONCE = 4
"""How many starts one portal works on at once: half of its connections to the ledger."""
SOONEST, LATEST = 3, 90
"""Seconds after which to come again."""
_FASTEST, _SLOWEST = 0.1, 2
"""Seconds from one start to the next, as far as the starts of late are taken for the pace."""
_OF_LATE = 20


class Admission:
    """Gives turns, and spreads those who are refused over the time to come.

    `clock` tells seconds; it never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.turns = asyncio.Semaphore(AT_ONCE)
        self._clock = clock
        self._admitted: deque[float] = deque(maxlen=_OF_LATE)
        self._last = -math.inf

    def admitted(self) -> None:
        """Note that a start found a place."""
        self._admitted.append(self._clock())

    def again_in(self) -> int:
        """Return after how many seconds to come again: one after the other, at the pace of late.

        Sent back for the same few seconds, a large crowd would return as one, again and again, and
        the portal would do nothing but refuse. Beyond `LATEST` a second round begins.
        """
        now = self._clock()
        pace = (now - self._admitted[0]) / len(self._admitted) if self._admitted else _FASTEST
        after = self._last + min(max(pace, _FASTEST), _SLOWEST)
        self._last = after if SOONEST <= after - now <= LATEST else now + SOONEST
        return math.ceil(self._last - now)
