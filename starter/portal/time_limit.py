"""The time limit of one request, and whether its submission was accepted when time runs out.

Every page answers within three seconds, whatever is unavailable. Once a submission may have reached
the engine, only the engine's answer or a certain refusal shows whether it was accepted: the page
waits for that.
"""

import asyncio
from asyncio import sleep
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request

from starter.client.connect import TemporalUnavailable
from web import times


@dataclass(frozen=True)
class HandedIn:
    """Whether a request's submission was accepted, for the error page of a later failure.

    `taken` None: unknown. `onward` is the path to redirect to instead of that page.
    """

    taken: bool | None = False
    onward: str | None = None


class TimeLimit:
    """The time of one request; `limit` is its time-out, None without one."""

    def __init__(self, request: Request, limit: asyncio.Timeout | None) -> None:
        self._request = request
        self._limit = limit
        self._began = _now()
        self._postponed: float | None = None

    def left(self) -> timedelta:
        """Return the time left for a call to the engine; always enough to make one."""
        until = self._began + times.ENGINE_SECONDS
        return timedelta(seconds=max(until - _now(), times.ENGINE_LEAST_SECONDS))

    async def not_before(self, seconds: float) -> None:
        """Sleep until these seconds after the request's start, to hide how long the work took."""
        if self._postponed is None:
            await sleep(self._began + seconds - _now())
        else:
            self._postponed = max(self._postponed, seconds)

    @asynccontextmanager
    async def postponed(self) -> AsyncIterator[None]:
        """Sleep after the block instead of in it, where others wait for what the block holds."""
        self._postponed = 0.0
        try:
            yield
        finally:
            seconds, self._postponed = self._postponed, None
            await self.not_before(seconds)

    def extend(self, seconds: float) -> None:
        """Extend the time limit to at least these seconds from now."""
        if self._limit:
            self._limit.reschedule(max(self._began + times.PAGE_SECONDS, _now() + seconds))

    @property
    def handed_in(self) -> HandedIn:
        """Return the state of the submission; an error page reads it from the same request."""
        handed_in: HandedIn = getattr(self._request.state, "handed_in", HandedIn())
        return handed_in

    @contextmanager
    def handing_in(self, at_last: timedelta = timedelta()) -> Iterator[None]:
        """Mark the block that makes a submission, and note whether it was accepted.

        `at_last`: extends the time limit to wait for the answer of a busy system.
        """
        self._request.state.handed_in = HandedIn(taken=None)
        self.extend(at_last.total_seconds())
        try:
            yield
        except TemporalUnavailable as unavailable:
            if unavailable.refused:
                self._request.state.handed_in = HandedIn()
            raise
        self.taken()
        self.extend(times.AFTER_SUBMISSION_SECONDS)

    def taken(self, onward: str | None = None) -> None:
        """Note that it was accepted, and where to redirect if something fails from now on."""
        self._request.state.handed_in = HandedIn(taken=True, onward=onward)


def _now() -> float:
    return asyncio.get_running_loop().time()
