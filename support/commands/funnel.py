"""`activation support funnel`: how far this week's students came."""

import asyncio
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from starter.output import show_json
from support.commands.terminal import Json, staff_context
from support.verbs import funnel
from support.verbs.funnel import STAGES, Funnel

commands = typer.Typer()


@commands.command("funnel")
def show(json: Json = False) -> None:
    """Count who started on each day of this week, and how far they came by now."""
    seen = asyncio.run(_week())
    if json:
        days = [asdict(day) | {"day": day.day.isoformat()} for day in seen.days]
        show_json({"today": seen.today, "week": seen.week, "days": days})
        return
    rows = funnel.table(seen)
    table = Table(*map(str, rows[0]), box=None)
    for row in (*rows[1:], ("week", *(seen.week[stage] for stage in STAGES))):
        table.add_row(*map(str, row))
    Console(soft_wrap=True).print(table)


async def _week() -> Funnel:
    async with staff_context() as opened:
        return await funnel.week(opened)
