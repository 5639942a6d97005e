"""How often something may be asked, counted in the ledger over all processes."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi.responses import Response

from ledger import budgets, posts
from starter.portal.visit import Visit
from web import forms
from web.limits import network


class Flood(Exception):
    """More was sent than is taken in. `opens`: when the next may be; None: not by itself.

    `answers`: what was too many is the answers of one activation.
    """

    def __init__(self, opens: datetime | None, *, answers: bool = False) -> None:
        super().__init__("too many")
        self.opens = opens
        self.answers = answers


async def admit(visit: Visit, reference: str, submission_id: str) -> None:
    """Count an answer sent for this activation; raises `Flood` past a limit."""
    spent = await posts.take(visit.parts.pool, reference, submission_id)
    if spent:
        raise Flood(spent.opens, answers=True)


async def take(visit: Visit, bucket: str, *, limit: int, minutes: int) -> None:
    """Count this in its bucket; raises `Flood` past the limit."""
    window = timedelta(minutes=minutes)
    opens = await budgets.take(visit.parts.pool, bucket, limit=limit, window=window)
    if opens:
        raise Flood(opens)


async def flooded(visit: Visit, flood: Flood) -> Response:
    """Return the page that says so; the form comes back where sending it again can be of use."""
    more = {}
    if flood.answers:
        more["heading"], more["sentence"] = visit.words.flood(over=flood.opens is None)
    if flood.opens is None:
        return await visit.error(429, **more)
    wait = flood.opens - await visit.now()
    headers = {"Retry-After": str(math.ceil(wait.total_seconds()))}
    form = await visit.form()
    return await visit.error(429, headers, not_before=visit.clock(flood.opens), form=form, **more)


def by_address(visit: Visit, purpose: str) -> str:
    """Return the bucket that one household shares: the address, or the /64 of an IPv6 one."""
    return f"{purpose}:{address(visit, network)}"


def address(visit: Visit, of: Callable[[str], str]) -> str:
    """Return the index of where a request comes from, `of` giving how much of it counts."""
    client = visit.request.client
    return visit.parts.keys.index("address", of(client.host if client else ""))


def browser(visit: Visit) -> str:
    """Return the index of a browser, which stays as its session's token changes."""
    return visit.parts.keys.index("browser", forms.name_of(visit.token or ""))
