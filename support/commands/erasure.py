"""`activation support erase`: an activation that is over leaves no personal data behind."""

import asyncio

import typer

from starter.output import show_json
from support.commands.terminal import Json, Reason, Reference, staff_context
from support.verbs import erasure

commands = typer.Typer()


@commands.command()
def erase(reference: Reference, reason: Reason, json: Json = False) -> None:
    """Erase an activation that is over; its account stays. It cannot be undone."""
    asyncio.run(_erase(reference, reason))
    if json:
        show_json({"reference": reference, "erased": True})
    else:
        typer.echo("Erased. The account in the directory was not touched.")


async def _erase(reference: str, reason: str) -> None:
    async with staff_context() as opened:
        await erasure.erase(opened, reference=reference, reason=reason)
