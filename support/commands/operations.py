"""`activation support operations`, `pause`, `resume`, `funnel`: the state of the whole engine."""

from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from starter.output import Json, local, show_json
from support.commands.terminal import Reason, run, show_outcome
from support.verbs import funnel, operations
from support.verbs import pause as pausing

commands = typer.Typer()


@commands.command("operations")
def show(json: Json = False) -> None:
    """Show the state of each external system, the queues, and the SMS budget."""
    state = run(operations.state)
    if json:
        show_json(state.as_dict())
        return
    console = Console(soft_wrap=True)
    table = Table("part", "last answer", "last failure", "failed in 15 min", box=None)
    for part in state.parts:
        failure = f"{local(part.last_failed)} {part.failure or ''}".strip()
        share = f"{part.failed} of {part.done + part.failed}"
        table.add_row(part.part.value, local(part.last_done), failure, share)
    console.print(table)
    for name, answers in (("ledger", state.ledger), ("Temporal", state.temporal)):
        if not answers:
            console.print(f"{name} does not answer now.")
    for queue in state.queues or ():
        console.print(
            f"{queue.name} {queue.kind}: {queue.waiting} wait, the oldest for {queue.age:.0f} s,"
            f" {queue.workers} pollers"
        )
    _show_limits(console, state)
    for alert in state.alerts:
        console.print(f"Since {local(alert.since)}: {alert.cause} ({alert.count})")
    for channel in state.alert_channels:
        since = channel.failing_since
        used = "delivers" if channel.delivered_at else "not used yet"
        now = f"fails since {local(since)}" if since else used
        failure = f"{local(channel.failed_at)} {channel.failure or ''}".strip()
        console.print(
            f"Alerts by {channel.name}: {now}; last delivery {local(channel.delivered_at)},"
            f" last failure {failure}"
        )
    if state.pause:
        console.print(f"New activations are paused since {local(state.pause.since)}.")


def _show_limits(console: Console, state: operations.OperationState) -> None:
    for name, ceilings in (("SMS", state.sms), ("E-mails", state.mail)):
        for each in ceilings:
            told = f"{each.used} of {each.limit} ({each.percent} %)"
            console.print(f"{name} of the last {each.window}: {told}")
    if state.attack_since:
        console.print(f"Attack mode is on since {local(state.attack_since)}.")
    if state.swept_at:
        console.print(f"Expired data were last swept at {local(state.swept_at)}.")


@commands.command()
def pause(
    el: Annotated[str, typer.Option(help="What students read, in Greek.")],
    en: Annotated[str, typer.Option(help="And in English.")],
    reason: Reason,
    json: Json = False,
) -> None:
    """Refuse new activations; open ones continue."""
    run(partial(pausing.pause, el=el, en=en, reason=reason))
    show_outcome({"paused": True}, "New activations are paused.", json=json)


@commands.command()
def resume(reason: Reason, json: Json = False) -> None:
    """Accept new activations again."""
    run(partial(pausing.resume, reason=reason))
    show_outcome({"paused": False}, "New activations may begin.", json=json)


@commands.command("funnel")
def show_funnel(json: Json = False) -> None:
    """Count the starts of each day of this week, and the steps that they have reached."""
    seen = run(funnel.week)
    if json:
        days = [asdict(day) | {"day": day.day.isoformat()} for day in seen.days]
        show_json({"today": seen.today, "week": seen.week, "days": days})
        return
    rows = funnel.table(seen)
    table = Table(*map(str, rows[0]), box=None)
    for row in (*rows[1:], ("week", *(seen.week[stage] for stage in funnel.STAGES))):
        table.add_row(*map(str, row))
    Console(soft_wrap=True).print(table)
