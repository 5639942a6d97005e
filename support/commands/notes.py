"""`activation support note`: what colleagues should know about a case."""

import asyncio
from typing import Annotated

import typer

from starter.output import show_json
from support.commands.terminal import Json, Reference, staff_context, unless_asked
from support.verbs import notes

commands = typer.Typer()


@commands.command()
def note(
    reference: Reference,
    text: Annotated[
        str,
        typer.Option(callback=unless_asked, help="The note, which is asked for without this."),
    ] = "-",
    json: Json = False,
) -> None:
    """Add a note to a case, for the other staff; nothing personal that is not needed."""
    asyncio.run(_note(reference, text))
    if json:
        show_json({"reference": reference, "noted": True})
    else:
        typer.echo("Noted.")


async def _note(reference: str, text: str) -> None:
    async with staff_context() as opened:
        await notes.write(opened, text, reference=reference)
