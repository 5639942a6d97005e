"""`activation support requests | request | answer | dismiss`: what students wrote, answered."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from secrets import token_hex
from typing import Annotated

import typer

from ledger.notes import Note
from ledger.support_requests import HelpRequestDetail, Waiting
from starter.output import Json, local, show_json, tell
from support.commands.terminal import Reason, run
from support.verbs import notes, requests
from support.verbs.staff import StaffContext

_MOST = 10_000

commands = typer.Typer()

Number = Annotated[str, typer.Argument(help="The request's number, as the list shows it.")]


@commands.command("requests")
def list_(json: Json = False) -> None:
    """List the open requests for help.

    Requests of students who proved a contact come first, the oldest of them first.
    """
    page = run(partial(requests.waiting, per_page=_MOST))
    if json:
        show_json([asdict(row) for row in page.rows])
        return
    for row in page.rows:
        tell(f"{row.id}  {local(row.created_at)}  {_summary(row)}")
    if not page.rows:
        tell("No open requests.")
    if page.pages > 1:
        tell(f"These are {_MOST} of {page.total}.", err=True)


@commands.command("request")
def show(number: Number, json: Json = False) -> None:
    """Show one request in full, with staff's notes on it; the audit records that you looked."""

    async def read(ctx: StaffContext) -> tuple[HelpRequestDetail, Sequence[Note]]:
        return await requests.read(ctx, number), await notes.on_request(ctx, number)

    standing, noted = run(read)
    request = standing.request
    if json:
        show_json(_plain(standing) | {"notes": [asdict(note) for note in noted]})
        return
    tell(f"{local(standing.line.created_at)}  {_summary(standing.line)}")
    called = f"  {request.phone}" if request.phone else ""
    tell(f"{request.name} <{request.reply_to}>{called}\n\n{request.text}")
    _tell(standing)
    for note in noted:
        to = f" to {note.addressee}" if note.addressee else ""
        tell(f"\nNote of {note.author}{to}, {local(note.at)}:\n{note.text}")


@commands.command()
def answer(
    number: Number,
    text: Annotated[str, typer.Option(help="What the student reads, by e-mail.")],
    json: Json = False,
) -> None:
    """Answer a request by e-mail, once."""
    verb = partial(requests.answer, request_id=number, text=text, submission_id=token_hex(16))
    _settled(run(verb), json)


@commands.command()
def dismiss(number: Number, reason: Reason, json: Json = False) -> None:
    """Close a request that needs no answer."""
    verb = partial(requests.close, request_id=number, reason=reason, submission_id=token_hex(16))
    _settled(run(verb), json)


def _settled(standing: HelpRequestDetail, json: bool) -> None:
    if json:
        show_json(_plain(standing))
    else:
        _tell(standing)


def _tell(standing: HelpRequestDetail) -> None:
    if standing.answer is not None:
        tell(f"\nAnswered by {standing.settled_by}:\n{standing.answer}")
        tell(f"Delivery: {standing.line.delivery or 'on its way'}")
    if standing.closing is not None:
        tell(f"\nClosed by {standing.settled_by}: {standing.closing}")


def _summary(row: Waiting) -> str:
    known = (row.reference, row.step, row.department, row.language.value, row.delivery)
    told = "  ".join(str(value or "-") for value in known)
    if row.assignee:
        told += f"  assigned to {row.assignee}"
    return f"{told}  in no mailbox: its text was refused" if row.unread else told


def _plain(standing: HelpRequestDetail) -> dict[str, object]:
    """Return the JSON of a request: the fields of its line, then its full text."""
    request = standing.request
    return asdict(standing.line) | {
        "name": request.name,
        "reply_to": request.reply_to,
        "phone": request.phone,
        "text": request.text,
        "answer": standing.answer,
        "closing": standing.closing,
        "settled_by": standing.settled_by,
        "settled_at": standing.settled_at,
    }
