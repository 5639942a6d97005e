"""Admits starts at the pace at which the workers look students up, over all portals."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from fastapi.responses import Response

from ledger import activations, starts
from ledger.pool import NO_RESULT
from starter.portal.visit import Visit
from starter.web.forms import Form
from translations import N_

_TURN_WITHIN = 1.5
"""Seconds to wait for a turn; whoever has none by then is told to come again."""
_LEASE = timedelta(seconds=10)
"""How long a place is held that nobody gives back: the workers are down, or the registrar hangs."""
_GIVEN_BACK_WITHIN = 0.2
"""Seconds for giving a place back where the request failed."""
_HEADING = N_("Many students are starting just now")
_SENTENCE = N_("A few can start at a time. Send the form again in %(n)d seconds.")


@asynccontextmanager
async def turn(visit: Visit) -> AsyncIterator[bool]:
    """Leave connections to the ledger to who is inside; yields whether this start is in turn.

    Out of turn a start may only be refused, or go on where its activation does.
    """
    turns = visit.parts.admission.turns
    try:
        async with asyncio.timeout(_TURN_WITHIN):
            await turns.acquire()
    except TimeoutError:
        yield False
        return
    try:
        yield True
    finally:
        turns.release()


async def refusal(
    visit: Visit, form: Form, read: Mapping[str, str | None], *, in_turn: bool
) -> Response | None:
    """Take a place for this start; without one, return the page that says when to come again.

    A contact whose activation goes on is never refused, but where that would tell who is on file.
    """
    parts, most = visit.parts, visit.parts.settings.portal.starts_under_way
    if in_turn and await starts.admit(parts.pool, _place(form), most=most, lease=_LEASE):
        parts.admission.admitted()
        return None
    contacts = (read.get("mobile"), read.get("email"))
    if not visit.uniform and await activations.begun_with(parts.pool, parts.keys, *contacts):
        return None
    seconds = parts.admission.again_in()
    return await visit.error(
        503,
        {"Retry-After": str(seconds)},
        form=form,
        heading=visit.words.say(_HEADING),
        sentence=visit.words.say(_SENTENCE) % {"n": seconds},
    )


@asynccontextmanager
async def given_back_if_nothing_begins(visit: Visit, form: Form) -> AsyncIterator[None]:
    """Give the place of this start back where the block fails or is cut by the page's time."""
    try:
        yield
    except BaseException:
        with suppress(*NO_RESULT):  # The lease ends then.
            async with asyncio.timeout(_GIVEN_BACK_WITHIN):
                await starts.release(visit.parts.pool, _place(form))
        raise


def _place(form: Form) -> str:
    return form.references[0]
