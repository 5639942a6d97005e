"""Admits starts at the pace at which the workers look students up, over all portals."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from fastapi.responses import Response

from ledger import activations, starts
from postgres import NO_RESULT
from starter.portal.admission import one_of
from starter.portal.portal_request import PortalRequest
from translations import N_
from web.forms import Form

_TURN_WITHIN = 1.5
"""Seconds to wait for a turn."""
_AT_LAST = 5.0
"""Seconds more for telling each of a crowd to come again."""
_LEASE = timedelta(seconds=10)
"""How long a place is held that nobody gives back: the workers are down, or the registrar hangs."""
_GIVEN_BACK_WITHIN = 0.2
"""Seconds for giving a place back where the request failed."""
_HEADING = N_("Many students are starting just now")
_SENTENCE = N_("A few can start at a time. Send the form again in %(n)d seconds.")


@asynccontextmanager
async def turn(ctx: PortalRequest) -> AsyncIterator[bool | None]:
    """Leave connections to the ledger to who is inside; yields whether this start is in turn.

    Out of turn a start may only be refused, or go on where its activation does. None: there is no
    time for that either, and the ledger may not be asked at all.
    """
    admission = ctx.app.admission
    async with (
        one_of(admission.room, 0) as waits,
        one_of(admission.turns, _TURN_WITHIN if waits else 0) as in_turn,
    ):
        if in_turn:
            yield True
            return
    async with one_of(admission.aside, ctx.time.left().total_seconds()) as looked_at:
        if looked_at:
            yield False
            return
    # They run out of time together; answered so, they would keep everybody else waiting.
    ctx.time.extend(_AT_LAST)
    async with admission.one_by_one:
        yield None


async def refusal(
    ctx: PortalRequest, form: Form, read: Mapping[str, str | None], *, in_turn: bool
) -> Response | None:
    """Take a place for this start; without one, return the page that says when to come again.

    A contact whose activation goes on is never refused, but where that would tell who is on file.
    """
    context, most = ctx.app, ctx.app.settings.portal.starts_under_way
    if in_turn and await starts.admit(context.pool, _place(form), most=most, lease=_LEASE):
        context.admission.admitted()
        return None
    contacts = (read.get("mobile"), read.get("email"))
    if not ctx.protects_enumeration and await activations.begun_with(
        context.pool, context.keys, *contacts
    ):
        return None
    return await come_again(ctx, form)


async def come_again(ctx: PortalRequest, form: Form, **more: str | None) -> Response:
    """Return the page that says when to send this form again."""
    seconds = ctx.app.admission.again_in()
    return await ctx.error(
        503,
        {"Retry-After": str(seconds)},
        form=form,
        heading=ctx.words.say(_HEADING),
        sentence=ctx.words.say(_SENTENCE) % {"n": seconds},
        **more,
    )


@asynccontextmanager
async def given_back_if_nothing_begins(ctx: PortalRequest, form: Form) -> AsyncIterator[None]:
    """Give the place of this start back where the block fails or is cut by the page's time."""
    try:
        yield
    except BaseException:
        with suppress(*NO_RESULT):  # The lease ends then.
            async with asyncio.timeout(_GIVEN_BACK_WITHIN):
                await starts.release(ctx.app.pool, _place(form))
        raise


def _place(form: Form) -> str:
    return form.references[0]
