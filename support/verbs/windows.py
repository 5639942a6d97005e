"""Finds one page of open activations by how long they have stood, without listing the others.

Temporal lists by the time of the start and sorts by no other attribute. But it counts a range of
moments in a few milliseconds, so that the range with the next page is found by counting, and only
that range is listed. Pages are bounded by moments: what starts or ends elsewhere moves no line to
another page.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.client import Client

from starter.client.connect import asking
from support.verbs import cases
from support.verbs.cases import CaseSummary
from web import times
from workflows.search_attributes import SINCE, whole_millisecond

PER_PAGE = 50
LISTED_WHOLE = 4 * PER_PAGE
"""As many are listed faster than a range among them is found by counting."""
_MOST = 2 * PER_PAGE
"""The most in a range that is listed to find a page: it is found by fewer counts than one page."""
_LONGEST = timedelta(days=3650)
_GRAIN = timedelta(milliseconds=1)
"""Moments are published, and ranges begin and end, in whole milliseconds."""


@dataclass(frozen=True)
class Place:
    """Where a page begins: after a whole millisecond, or before it and read backwards."""

    moment: datetime
    back: bool = False


@dataclass(frozen=True)
class Window:
    """The lines of a page in their order, and their place in the whole list.

    `end` is the number of lines up to the last one here. `lowest` and `highest` bound the moments
    of this page; None: without a bound, because there is no page beyond.
    """

    lines: Sequence[CaseSummary]
    start: int
    end: int
    total: int
    lowest: datetime | None
    highest: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether a line that has stood since this moment belongs on this page."""
        at = whole_millisecond(moment)
        above = self.lowest is None or at >= self.lowest
        return above and (self.highest is None or at <= self.highest)


async def count(client: Client, query: str) -> int:
    """Return how many runs Temporal's visibility has for this query."""
    with asking():
        return (await client.count_workflows(query, rpc_timeout=times.CONSOLE_RPC)).count


async def window(
    client: Client, query: str, place: Place | None, now: datetime, *, descending: bool = False
) -> Window:
    """Return the page at this place; without one the first page in this order."""
    falling = descending != bool(place and place.back)
    total, undated = await asyncio.gather(
        count(client, query), count(client, f"{query} AND {SINCE.name} IS NULL")
    )
    moments = _Moments(falling=falling, undated=bool(undated))
    beyond = f"{query} AND {moments.beyond(place.moment)}" if place else query
    left = await count(client, beyond) if place else total
    if left > LISTED_WHOLE:
        edge = await _edge(client, beyond, moments, place, now)
        found = await cases.listed(
            client, f"{beyond} AND {moments.up_to(edge)}", limit=_MOST, page_size=PER_PAGE
        )
    else:
        found = await cases.listed(client, beyond, limit=LISTED_WHOLE, page_size=PER_PAGE)
    found.sort(key=lambda line: line.reference)
    found.sort(key=lambda line: line.since, reverse=falling)
    return cut(found, left, total, place, falling=falling)


def cut(
    found: Sequence[CaseSummary], left: int, total: int, place: Place | None, *, falling: bool
) -> Window:
    """Return the window of the first lines found, with all of the same millisecond.

    `left` is how many there are from this place on.
    """
    lines = list(found[:PER_PAGE])
    last = whole_millisecond(lines[-1].since) if lines else None
    lines += [line for line in found[PER_PAGE:] if whole_millisecond(line.since) == last]
    near = place.moment + (-_GRAIN if falling else _GRAIN) if place else None
    far = last if len(lines) < left else None
    lowest, highest = (far, near) if falling else (near, far)
    start, end = total - left + 1, total - left + len(lines)
    if place and place.back:
        start, end = left - len(lines) + 1, left
        lines.reverse()
    return Window(lines, start, end, total, lowest, highest)


@dataclass(frozen=True)
class _Moments:
    """Conditions on since when runs stand; a run without one has stood since its start."""

    falling: bool
    undated: bool

    def beyond(self, moment: datetime) -> str:
        return self._before(moment) if self.falling else self._from(moment + _GRAIN)

    def up_to(self, moment: datetime) -> str:
        return self._from(moment) if self.falling else self._before(moment + _GRAIN)

    def _before(self, moment: datetime) -> str:
        return self._compared("<", moment)

    def _from(self, moment: datetime) -> str:
        return self._compared(">=", moment)

    def _compared(self, sign: str, moment: datetime) -> str:
        at = f"{sign} '{moment.isoformat()}'"
        stands = f"{SINCE.name} {at}"
        # Temporal uses its index for a range only where it is no alternative.
        if not self.undated:
            return stands
        return f"({stands} OR ({SINCE.name} IS NULL AND StartTime {at}))"


async def _edge(
    client: Client, beyond: str, moments: _Moments, place: Place | None, now: datetime
) -> datetime:
    """Return a moment up to which there are enough for a page and not too many to list.

    The distance from the place, or the age without one, is halved on a logarithmic scale: few
    counts then find both those of a moment ago and those of weeks ago.
    """
    at = _distances(place, now, falling=moments.falling)
    near, far = (_GRAIN, _LONGEST) if place or moments.falling else (_LONGEST, _GRAIN)
    while abs(far - near) > _GRAIN:
        middle = timedelta(seconds=(near.total_seconds() * far.total_seconds()) ** 0.5)
        number = await count(client, f"{beyond} AND {moments.up_to(at(middle))}")
        if number > _MOST:
            far = middle
        elif number < PER_PAGE:
            near = middle
        else:
            return at(middle)
    return at(far)


def _distances(
    place: Place | None, now: datetime, *, falling: bool
) -> Callable[[timedelta], datetime]:
    """Return what gives the moment at a distance from the place, or of an age without one."""
    origin = place.moment if place else now
    sign = 1 if place and not falling else -1
    return lambda distance: whole_millisecond(origin + sign * distance)
