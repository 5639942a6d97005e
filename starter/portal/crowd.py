"""Admits starts at the pace at which the workers look students up, over all portals."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi.responses import Response

from starter.portal.admission import acquired
from starter.portal.portal_request import PortalRequest
from translations import N_
from web.forms import Form

_TURN_TIMEOUT = 1.5
"""Seconds to wait for a turn."""
_REFUSAL_SECONDS = 5.0
"""Seconds more for telling each of a crowd to come again."""
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
        acquired(admission.room, 0) as waits,
        acquired(admission.turns, _TURN_TIMEOUT if waits else 0) as in_turn,
    ):
        if in_turn:
            yield True
            return
    async with acquired(admission.extra, ctx.time.left().total_seconds()) as has_slot:
        if has_slot:
            yield False
            return
    # They run out of time together; answered so, they would keep everybody else waiting.
    ctx.time.extend(_REFUSAL_SECONDS)
    async with admission.refusals:
        yield None


async def refusal(
    ctx: PortalRequest, form: Form, read: Mapping[str, str | None], *, in_turn: bool
) -> Response | None:
    """Take a place for this start; without one, return the page that says when to come again.

    A contact whose activation goes on is never refused, but where that would tell who is on file.
    """
    starts = ctx.app.starts
    if in_turn and await starts.admit(form.references[0]):
        ctx.app.admission.admitted()
        return None
    if not ctx.protects_enumeration and await starts.goes_on_for(read):
        return None
    return await retry_later_page(ctx, form)


async def retry_later_page(ctx: PortalRequest, form: Form, **more: str | None) -> Response:
    """Return the page that says when to send this form again."""
    seconds = ctx.app.admission.retry_after()
    return await ctx.error(
        503,
        {"Retry-After": str(seconds)},
        form=form,
        heading=ctx.words.say(_HEADING),
        sentence=ctx.words.say(_SENTENCE) % {"n": seconds},
        **more,
    )
