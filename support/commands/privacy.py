"""`activation privacy ...`: what the ledger keeps, and until when."""

from typing import Annotated

import typer

from ledger import retention
from ledger.retention import Swept
from starter.output import Failed, Json, group, show_json, utc
from support.commands.terminal import run, show_outcome
from support.verbs.staff import Action, StaffContext

commands = group("Personal data: their end.")

_SECONDS = 3600.0


@commands.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what has expired.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Sweep now, without a worker.")] = False,
    json: Json = False,
) -> None:
    """Show what the newest sweeps have deleted or emptied (the workers sweep hourly)."""
    if dry_run and now:
        raise Failed("--dry-run and --now exclude each other")
    if dry_run:
        found = run(_expired)
        show_outcome(found, "\n".join(f"{rule}: {n}" for rule, n in found.items()), json=json)
        return
    rows = run(_swept if now else _last)
    if json:
        show_json([{"rule": row.rule, "gone": row.gone, "at": row.at} for row in rows])
        return
    for row in rows:
        typer.echo(f"{row.rule}: {row.gone} on {row.day}, last at {utc(row.at)}")
    if not rows:
        typer.echo("There was no sweep yet.")


async def _expired(ctx: StaffContext) -> dict[str, int]:
    return await retention.expired(ctx.pool, ctx.settings.retention)


async def _swept(ctx: StaffContext) -> list[Swept]:
    await ctx.record(Action.OPERATE, reason="sweep of expired data")
    await retention.sweep(ctx.pool, ctx.settings.retention, seconds=_SECONDS)
    return await _last(ctx)


async def _last(ctx: StaffContext) -> list[Swept]:
    return await retention.last(ctx.pool)
