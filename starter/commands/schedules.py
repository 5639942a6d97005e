"""`activation schedules`: what the engine does at set times, and a run of it by hand."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer

import postgres
from ledger import audit_heads
from starter.client import scheduled_runs
from starter.client.scheduled_runs import COMPLETED, NoSuchSchedule, ScheduleState
from starter.commands.temporal import connected
from starter.output import Failed, Json, local, show_json, tell
from starter.progress import working

commands = typer.Typer(help="What the engine does at set times.", no_args_is_help=True)


@commands.command("list")
def list_schedules(json: Json = False) -> None:
    """List each schedule with its last run, how that ended, and the next one."""
    found, head = asyncio.run(_found())
    if json:
        show_json([asdict(each) for each in found])
        return
    for each in found:
        tell("\n  ".join((f"{each.id}: {each.what}", *lines(each))))
    tell(f"The head of the audit: sent daily by `support alerts`, the last one for {head}")


@commands.command()
def run(
    schedule: Annotated[str, typer.Argument(help="As `schedules list` names it.")],
    wait: Annotated[bool, typer.Option(help="Wait for its end.")] = True,
) -> None:
    """Start a run now, also of a paused schedule, or join the one that runs; say how it ended."""
    try:
        with working("The schedule runs"):
            workflow_id, outcome = asyncio.run(_run(schedule, wait=wait))
    except NoSuchSchedule as error:
        raise Failed(str(error)) from None
    if outcome not in ("", COMPLETED):
        raise Failed(f"{workflow_id}: {outcome}")
    tell(f"{workflow_id}: {outcome or 'started'}")


def lines(state: ScheduleState) -> Sequence[str]:
    if not state.exists:
        return [f"{state.when}; missing in Temporal: a worker of main creates it within a minute"]
    last = f"last run {local(state.last_at)}, {state.last_end}" if state.last_at else "no run yet"
    found = [f"{state.when}; {last}{' (late)' if state.late else ''}"]
    if state.paused:
        return [*found, f"paused: {state.note}" if state.note else "paused"]
    return [*found, f"next run {local(state.next_at)}"]


async def _found() -> tuple[Sequence[ScheduleState], date | str]:
    """Return the schedules, and for which day a head of the audit was last sent."""
    async with connected() as (config, client):
        found = await scheduled_runs.states(client, config.institution.timezone)
        with suppress(*postgres.NO_RESULT):
            dsn = config.ledger_dsn.get_secret_value()
            async with await postgres.connect(dsn) as pool, pool.acquire() as ledger:
                days = [head.day for head in await audit_heads.sent(ledger)]
            return found, max(days, default="-")
        return found, "(the ledger does not tell)"


async def _run(schedule_id: str, *, wait: bool) -> tuple[str, str]:
    async with connected() as (_, client):
        workflow_id = await scheduled_runs.begin(client, schedule_id)
        if not wait:
            return workflow_id, ""
        waits = f"{workflow_id}: started; waits for its end, which needs a worker of main"
        tell(waits, err=True)
        return workflow_id, await scheduled_runs.ended(client, workflow_id)
