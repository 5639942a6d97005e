"""Admits starts at the rate at which the workers look students up, over all portals."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from fastapi.responses import Response

from starter.portal.admission import acquired
from starter.portal.portal_request import PortalRequest
from translations import N_
from web import times
from web.forms import Form

_HEADING = N_("Many students are starting at the moment")
_SENTENCE = N_("Only a few can start at a time. Send the form again in %(n)d seconds.")


@asynccontextmanager
async def turn(ctx: PortalRequest) -> AsyncIterator[bool | None]:
    """Limit concurrent starts to spare ledger connections; yields whether this start has a slot.

    False: it may only be refused, or continue an activation that runs. None: there is no slot for
    that either, and the ledger may not be asked at all.
    """
    admission = ctx.app.admission
    async with (
        acquired(admission.room, 0) as waits,
        acquired(admission.turns, times.SLOT_SECONDS if waits else 0) as in_turn,
    ):
        if in_turn:
            yield True
            return
    async with acquired(admission.extra, ctx.time.left().total_seconds()) as has_slot:
        if has_slot:
            yield False
            return
    # A crowd reaches its time limit together; refused all at once it would block other requests.
    ctx.time.extend(times.REFUSAL_SECONDS)
    async with admission.refusals:
        yield None


async def refusal(
    ctx: PortalRequest,
    form: Form,
    read: Mapping[str, str | None],
    typed: Sequence[str],
    *,
    in_turn: bool,
    inside: bool,
) -> Response | None:
    """Admit this start and return None, or return the page that says when to try again.

    In attack mode fewer are admitted. A contact whose activation runs is never refused, except
    under enumeration protection. `inside`: this browser has an activation that goes on, and needs
    no slot; it counts in attack mode, in which one browser could try many contacts. `typed` are the
    keyed indexes of what was typed.
    """
    starts, reference = ctx.app.starts, form.references[0]
    in_pace = (in_turn or inside) and await ctx.app.attack_mode.lets_start(reference, typed)
    if in_pace and inside:
        return None
    if in_pace and await starts.admit(reference):
        ctx.app.admission.admitted()
        return None
    if not ctx.protects_enumeration and await starts.goes_on_for(read):
        return None
    if in_pace:
        await ctx.app.attack_mode.give_back(reference)
    return await retry_later_page(ctx, form)


async def retry_later_page(ctx: PortalRequest, form: Form, **more: str | None) -> Response:
    """Render the 503 page with the form, Retry-After and when to send it again."""
    seconds = ctx.app.admission.retry_after()
    return await ctx.error(
        503,
        {"Retry-After": str(seconds)},
        form=form,
        heading=ctx.words.say(_HEADING),
        sentence=ctx.words.say(_SENTENCE, n=seconds),
        **more,
    )
