"""How often something may be asked, counted in the ledger over all processes."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi.responses import Response

from ledger import budgets, posts
from starter.portal.portal_request import PortalRequest
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


async def admit(ctx: PortalRequest, reference: str, submission_id: str) -> None:
    """Count an answer sent for this activation; raises `Flood` past a limit."""
    spent = await posts.take(ctx.app.pool, reference, submission_id)
    if spent:
        raise Flood(spent.opens, answers=True)


async def take(ctx: PortalRequest, bucket: str, *, limit: int, minutes: int) -> None:
    """Count this in its bucket; raises `Flood` past the limit."""
    window = timedelta(minutes=minutes)
    opens = await budgets.take(ctx.app.pool, bucket, limit=limit, window=window)
    if opens:
        raise Flood(opens)


async def flooded(ctx: PortalRequest, flood: Flood) -> Response:
    """Return the page that says so; the form comes back where sending it again can be of use."""
    more = {}
    if flood.answers:
        more["heading"], more["sentence"] = ctx.words.flood(over=flood.opens is None)
    if flood.opens is None:
        return await ctx.error(429, **more)
    wait = flood.opens - await ctx.now()
    headers = {"Retry-After": str(math.ceil(wait.total_seconds()))}
    form = await ctx.form()
    return await ctx.error(429, headers, not_before=ctx.clock(flood.opens), form=form, **more)


def by_address(ctx: PortalRequest, purpose: str) -> str:
    """Return the bucket that one household shares: the address, or the /64 of an IPv6 one."""
    return f"{purpose}:{address(ctx, network)}"


def address(ctx: PortalRequest, of: Callable[[str], str]) -> str:
    """Return the index of where a request comes from, `of` giving how much of it counts."""
    client = ctx.request.client
    return ctx.app.keys.index("address", of(client.host if client else ""))


def browser(ctx: PortalRequest) -> str:
    """Return the index of a browser, which stays as its session's token changes."""
    return ctx.app.keys.index("browser", forms.name_of(ctx.token or ""))
