"""`activation support audit verify | export`: verifies the chain, and exports its rows."""

import sys
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from starter.output import Failed, Json, show_json
from support.commands.terminal import run
from support.verbs import audit
from support.verbs.audit import Format
from support.verbs.staff import StaffContext

commands = typer.Typer(help="What staff did, and the proof of it.", no_args_is_help=True)


@commands.command()
def verify(
    expect: Annotated[
        str | None, typer.Option(help="A head that was kept elsewhere: is it still in the chain?")
    ] = None,
    json: Json = False,
) -> None:
    """Find a row that was changed, removed or inserted; store the printed head elsewhere."""
    chain = run(partial(audit.verify, expect=expect))
    if json:
        show_json(asdict(chain) | {"whole": chain.whole})
        raise typer.Exit(0 if chain.whole else 1)
    if chain.bad is not None:
        raise Failed(f"row {chain.bad} was changed, removed or put in: {chain.rows} rows in all")
    if not chain.whole:
        raise Failed(f"the expected head is not in the chain: {chain.rows} rows in all")
    typer.echo(f"{chain.rows} rows, none changed, removed or put in.\nHead: {chain.head}")


@commands.command()
def export(
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From this day on, where the institution is."),
    ] = None,
) -> None:
    """Write the rows, the oldest first."""

    async def write(ctx: StaffContext) -> None:
        zone = ctx.settings.institution.timezone
        day = since.replace(tzinfo=zone) if since else None
        async for line in await audit.export(ctx, form, day):
            sys.stdout.write(line)

    run(write)
