"""Staff write down for one another what no system knows about a case."""

import secrets

from domain import text as texts
from ledger import notes
from starter.support import cases
from starter.support.actions import Refused
from starter.support.cases import UnknownReference
from starter.support.desk import Desk
from starter.support.staff import Action
from translations import N_

LONGEST = 2000


async def write(desk: Desk, text: str, *, reference: str, note_id: str | None = None) -> None:
    """Add a note to a case; the same `note_id` once more changes nothing. Raises `Refused`."""
    desk.staff.check(Action.NOTE)
    written = texts.note(text)
    if not written:
        raise Refused(N_("Write the note."))
    if len(written) > LONGEST:
        raise Refused(N_("The note is too long: 2,000 characters at most."))
    if not desk.staff.sees((await cases.standing(desk.client, reference)).department):
        raise UnknownReference(reference)
    if note_id and await notes.written(desk.pool, note_id):
        return
    await desk.record(Action.NOTE, reference)
    await notes.put(
        desk.pool,
        desk.keys,
        note_id=note_id or secrets.token_hex(16),
        reference=reference,
        author=desk.staff.name,
        text=written,
    )
