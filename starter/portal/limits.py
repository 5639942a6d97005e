"""How often something may be asked, counted in the ledger over all processes."""

import math
from datetime import datetime, timedelta

from fastapi.responses import Response

from ledger import activations, budgets
from starter.portal.visit import Visit
from starter.web.limits import network

MOST_ANSWERS = 50
"""Answers of one activation over its whole life: many times what a student needs, and so few that
its history stays far below Temporal's limits (each costs up to 18 events)."""
_ANSWERS_AN_HOUR = 30


class Flood(Exception):
    """More answers were sent for an activation than are taken in; `opens`: when the next may be."""

    def __init__(self, opens: datetime | None = None) -> None:
        super().__init__("too many answers")
        self.opens = opens


async def admit(visit: Visit, reference: str) -> None:
    """Count an answer sent for this activation; raises `Flood` past a limit."""
    pool = visit.parts.pool
    hour = timedelta(hours=1)
    opens = await budgets.take(pool, f"answers:{reference}", limit=_ANSWERS_AN_HOUR, window=hour)
    if opens:
        raise Flood(opens)
    if await activations.count_post(pool, reference) > MOST_ANSWERS:
        raise Flood


async def flooded(visit: Visit, flood: Flood) -> Response:
    """Return the page that says so; the form comes back where sending it again can be of use."""
    heading, sentence = visit.words.flood(over=flood.opens is None)
    more = {"heading": heading, "sentence": sentence}
    if flood.opens is None:
        return await visit.error(429, **more)
    return await _until(visit, flood.opens, **more)


async def refusal(visit: Visit, bucket: str, *, limit: int, minutes: int) -> Response | None:
    """Count this in its bucket; past the limit, return the page that says until when."""
    pool = visit.parts.pool
    opens = await budgets.take(pool, bucket, limit=limit, window=timedelta(minutes=minutes))
    if opens is None:
        return None
    return await _until(visit, opens)


async def _until(visit: Visit, opens: datetime, **more: str) -> Response:
    wait = opens - await visit.now()
    headers = {"Retry-After": str(math.ceil(wait.total_seconds()))}
    form = await visit.form()
    return await visit.error(429, headers, not_before=visit.clock(opens), form=form, **more)


def by_address(visit: Visit, purpose: str) -> str:
    """Return the bucket that one household shares: the address, or the /64 of an IPv6 one."""
    client = visit.request.client
    return f"{purpose}:{visit.parts.keys.index('address', network(client.host if client else ''))}"
