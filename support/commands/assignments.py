"""`activation support assign | assign-request`: who of staff has a case, or a request for help."""

from typing import Annotated

import typer

from starter.output import Failed, Json
from support.commands.requests import Number
from support.commands.terminal import Reference, run, show_outcome
from support.verbs import assignments, requests
from support.verbs.staff import StaffContext

commands = typer.Typer()

To = Annotated[
    str | None,
    typer.Option(help="A colleague who has signed in to the console within a day; default: you."),
]
Nobody = Annotated[bool, typer.Option("--nobody", help="Take it back; a colleague's with --from.")]
From = Annotated[
    str,
    typer.Option("--from", help="Who has it now, if it is somebody else; another stays."),
]


@commands.command()
def assign(
    reference: Reference,
    to: To = None,
    nobody: Nobody = False,
    taken_from: From = "",
    json: Json = False,
) -> None:
    """Assign an activation to yourself or a colleague, or take it back."""

    async def assigned(ctx: StaffContext) -> str:
        _, held = await assignments.now(ctx, reference)
        new, was = _to(ctx, to, nobody), assignments.seen(ctx, held, taken_from)
        await assignments.assign(ctx, reference, to=new, was=was)
        return new

    _show({"reference": reference}, run(assigned), json)


@commands.command()
def assign_request(
    number: Number,
    to: To = None,
    nobody: Nobody = False,
    taken_from: From = "",
    json: Json = False,
) -> None:
    """Assign a request for help, as `assign` does an activation."""

    async def assigned(ctx: StaffContext) -> str:
        held = (await requests.known(ctx, number)).line.assignee
        new, was = _to(ctx, to, nobody), assignments.seen(ctx, held, taken_from)
        await assignments.assign_request(ctx, number, to=new, was=was)
        return new

    _show({"number": number}, run(assigned), json)


def _to(ctx: StaffContext, to: str | None, nobody: bool) -> str:
    if to and nobody:
        raise Failed("give --to or --nobody, not both")
    return "" if nobody else to or ctx.staff.name


def _show(what: dict[str, object], to: str, json: bool) -> None:
    text = f"Assigned to {to}." if to else "Assigned to nobody."
    show_outcome(what | {"assignee": to or None}, text, json=json)
