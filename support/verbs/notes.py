"""Adds the staff's notes to a case or a request for help: to a colleague, or to all of them.

A note to a colleague is listed for them, without its text, until they mark it as read.
"""

import secrets
from collections.abc import Sequence
from functools import partial

from domain import text as texts
from ledger import activations, notes
from ledger.notes import Note, NoteLine
from starter.client.connect import TemporalUnavailable
from support.verbs import cases, colleagues, requests
from support.verbs.actions import ActionRefused
from support.verbs.histories import UnknownReference
from support.verbs.numbered import NumberedPage, numbered
from support.verbs.staff import Action, StaffContext
from translations import N_

LONGEST = 2000
_READ = "read"
_PER_PAGE = 50


async def write(
    ctx: StaffContext,
    text: str,
    *,
    reference: str,
    note_id: str | None = None,
    addressee: str = "",
) -> None:
    """Add a note to a case; idempotent by `note_id`. Raises `ActionRefused`.

    `addressee` is for whom of staff it is; empty: for all.
    """
    written = _checked(ctx, text)
    seen = await department(ctx, reference)
    ctx.check_sight(seen)
    if note_id and await notes.written(ctx.pool, note_id):
        return
    await colleagues.check(ctx, addressee, seen, Action.NOTE)
    await ctx.record(Action.NOTE, reference, addressee)
    await notes.put(
        ctx.pool,
        ctx.keys,
        note_id=note_id or secrets.token_hex(16),
        reference=reference,
        author=ctx.staff.name,
        text=written,
        addressee=addressee or None,
    )


async def write_on_request(
    ctx: StaffContext, text: str, *, request_id: str, note_id: str, addressee: str = ""
) -> None:
    """Add a note to a request for help, as `write` does; raises `UnknownRequest` besides."""
    written = _checked(ctx, text)
    line = (await requests.known(ctx, request_id)).line
    if await notes.written(ctx.pool, note_id):
        return
    await colleagues.check(ctx, addressee, line.department, Action.REQUESTS)
    await ctx.record(Action.NOTE, line.reference, ": ".join(filter(None, (request_id, addressee))))
    await notes.put(
        ctx.pool,
        ctx.keys,
        note_id=note_id,
        reference=line.reference,
        author=ctx.staff.name,
        text=written,
        addressee=addressee or None,
        request=request_id,
    )


def _checked(ctx: StaffContext, text: str) -> str:
    ctx.staff.check(Action.NOTE)
    written = texts.note(text)
    if not written:
        raise ActionRefused(N_("Write the note."))
    if len(written) > LONGEST:
        raise ActionRefused(N_("The note is too long: 2,000 characters at most."))
    return written


async def unread(ctx: StaffContext, number: int = 1) -> NumberedPage[NoteLine]:
    """Return a page of the unread notes to this person, of the departments in sight."""
    whose = ctx.pool, ctx.staff.name, ctx.staff.departments
    total = await notes.unread_count(*whose) if ctx.staff.may(Action.NOTE) else 0
    return await numbered(number, total, partial(notes.unread, *whose), per_page=_PER_PAGE)


async def on_request(ctx: StaffContext, request_id: str) -> Sequence[Note]:
    """Return the notes on a request for help that this person is reading."""
    ctx.staff.check(Action.REQUESTS)
    return await notes.of_request(ctx.pool, ctx.keys, request_id)


async def mark_read(ctx: StaffContext, note_id: str) -> None:
    """Mark a note to this person as read (idempotent); raises `UnknownReference`."""
    ctx.staff.check(Action.NOTE)
    line = await notes.addressed(ctx.pool, ctx.staff.name, note_id)
    if line is None:
        raise UnknownReference
    ctx.check_sight(line.department)
    await ctx.record(Action.NOTE, line.reference, ": ".join(filter(None, (line.request, _READ))))
    await notes.mark_read(ctx.pool, note_id)


async def department(ctx: StaffContext, reference: str) -> str | None:
    """Return the case's department, from the ledger if Temporal is away or has deleted the run."""
    try:
        return (await cases.standing(ctx.client, reference)).department
    except (TemporalUnavailable, UnknownReference):
        noted = (await activations.noted(ctx.pool, [reference])).get(reference)
    if noted is None:
        raise UnknownReference
    return noted.department
