"""How long one request may take, and what becomes of what it hands in when time runs out.

Every page answers within three seconds, whatever is away. Once a submission may have reached the
engine, only its answer, or a sure refusal, tells whether it was taken: that is waited for.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from starter.client.connect import TemporalUnavailable

WITHIN = 2.75
"""Seconds until every page answers; students are promised three."""
_ASKING = 2.4
"""Seconds of them for asking the engine; the rest is the ledger's and the page's."""
_AFTERWARDS = 1.0
"""Seconds that are left at least once something was taken in, for the new token and the page."""
_ASK_AT_LEAST = 0.3


@dataclass(frozen=True)
class HandedIn:
    """What became of what a request hands in, for the page that tells a later failure.

    `taken` None: nobody knows. `onward` is where the browser goes on in place of that page.
    """

    taken: bool | None = False
    onward: str | None = None


class TimeLimit:
    """The time of one request; `limit` is what cuts it, None where nothing does."""

    def __init__(self, request: Request, limit: asyncio.Timeout | None) -> None:
        self._request = request
        self._limit = limit
        self._began = _now()

    def left(self) -> timedelta:
        """Return how long the engine may still be asked; never nothing, so that it is asked."""
        return timedelta(seconds=max(self._began + _ASKING - _now(), _ASK_AT_LEAST))

    async def not_before(self, seconds: float) -> None:
        """Answer no sooner than so long after the request came, so that its time tells nothing."""
        await asyncio.sleep(self._began + seconds - _now())

    def extend(self, seconds: float) -> None:
        """Give the page so many seconds from now on, if it has less."""
        if self._limit:
            self._limit.reschedule(max(self._began + WITHIN, _now() + seconds))

    @property
    def handed_in(self) -> HandedIn:
        """Return what became of it; a failure's page reads it from the same request."""
        handed_in: HandedIn = getattr(self._request.state, "handed_in", HandedIn())
        return handed_in

    @contextmanager
    def handing_in(self, at_last: timedelta = timedelta()) -> Iterator[None]:
        """Hand something in within this block, and note whether it was taken.

        `at_last`: how long its answer is waited for where whoever takes it may be busy.
        """
        self._request.state.handed_in = HandedIn(taken=None)
        self.extend(at_last.total_seconds())
        try:
            yield
        except TemporalUnavailable as away:
            if away.refused:
                self._request.state.handed_in = HandedIn()
            raise
        self.taken()
        self.extend(_AFTERWARDS)

    def taken(self, onward: str | None = None) -> None:
        """Note that it was taken, and where the browser goes on whatever fails from now on."""
        self._request.state.handed_in = HandedIn(taken=True, onward=onward)


def _now() -> float:
    return asyncio.get_running_loop().time()
