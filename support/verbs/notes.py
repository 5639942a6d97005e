"""Adds the staff's notes to a case, for their colleagues."""

import secrets

from domain import text as texts
from ledger import activations, notes
from starter.client.connect import TemporalUnavailable
from support.verbs import cases
from support.verbs.actions import ActionRefused
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, StaffContext
from translations import N_

LONGEST = 2000


async def write(
    ctx: StaffContext,
    text: str,
    *,
    reference: str,
    note_id: str | None = None,
    addressee: str = "",
) -> None:
    """Add a note to a case; idempotent by `note_id`. Raises `ActionRefused`.

    `addressee` is for whom of staff it is, whom the caller has checked; empty: for all.
    """
    ctx.staff.check(Action.NOTE)
    written = texts.note(text)
    if not written:
        raise ActionRefused(N_("Write the note."))
    if len(written) > LONGEST:
        raise ActionRefused(N_("The note is too long: 2,000 characters at most."))
    ctx.check_sight(await department(ctx, reference))
    if note_id and await notes.written(ctx.pool, note_id):
        return
    await ctx.record(Action.NOTE, reference)
    await notes.put(
        ctx.pool,
        ctx.keys,
        note_id=note_id or secrets.token_hex(16),
        reference=reference,
        author=ctx.staff.name,
        text=written,
        addressee=addressee or None,
    )


async def department(ctx: StaffContext, reference: str) -> str | None:
    """Return the case's department, from the ledger if Temporal is away or has deleted the run."""
    try:
        return (await cases.standing(ctx.client, reference)).department
    except (TemporalUnavailable, UnknownReference):
        noted = (await activations.noted(ctx.pool, [reference])).get(reference)
    if noted is None:
        raise UnknownReference
    return noted.department
