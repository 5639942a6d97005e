"""`activation support operations`, `pause`, `resume`: how it does, and what it takes in."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from starter.output import show_json, utc
from support.commands.terminal import Json, Reason, staff_context
from support.verbs import operations
from support.verbs import pause as pausing
from support.verbs.operations import OperationState

commands = typer.Typer()


@commands.command("operations")
def show(json: Json = False) -> None:
    """Show how each part outside does, what waits, and what is spent."""
    state = asyncio.run(_state())
    if json:
        show_json(state.as_dict())
        return
    console = Console(soft_wrap=True)
    table = Table("part", "last answer", "last failure", "failed in 15 min", box=None)
    for part in state.parts:
        failure = f"{utc(part.last_failed)} {part.failure or ''}".strip()
        share = f"{part.failed} of {part.done + part.failed}"
        table.add_row(part.part.value, utc(part.last_done), failure, share)
    console.print(table)
    for name, answers in (("ledger", state.ledger), ("Temporal", state.temporal)):
        if not answers:
            console.print(f"{name} does not answer now.")
    for queue in state.queues or ():
        console.print(
            f"{queue.name} {queue.kind}: {queue.waiting} wait, the oldest for {queue.age:.0f} s,"
            f" {queue.workers} pollers"
        )
    for spent in state.sms:
        console.print(f"SMS this {spent.window}: {spent.used} of {spent.limit}")
    for alert in state.alerts:
        console.print(f"Since {utc(alert.since)}: {alert.cause} ({alert.count})")
    for channel in state.alert_channels:
        since = channel.failing_since
        used = "delivers" if channel.delivered_at else "not used yet"
        now = f"fails since {utc(since)}" if since else used
        failure = f"{utc(channel.failed_at)} {channel.failure or ''}".strip()
        console.print(
            f"Alerts by {channel.name}: {now}; last delivery {utc(channel.delivered_at)},"
            f" last failure {failure}"
        )
    if state.pause:
        console.print(f"New activations are paused since {utc(state.pause.since)}.")


async def _state() -> OperationState:
    async with staff_context() as opened:
        return await operations.state(opened)


@commands.command()
def pause(
    el: Annotated[str, typer.Option(help="What students read, in Greek.")],
    en: Annotated[str, typer.Option(help="And in English.")],
    reason: Reason,
    json: Json = False,
) -> None:
    """Let no new activation begin; those under way go on."""
    asyncio.run(_pause(el, en, reason))
    _tell(paused=True, json=json, text="New activations are paused.")


async def _pause(el: str, en: str, reason: str) -> None:
    async with staff_context() as opened:
        await pausing.pause(opened, el=el, en=en, reason=reason)


@commands.command()
def resume(reason: Reason, json: Json = False) -> None:
    """Let new activations begin again."""
    asyncio.run(_resume(reason))
    _tell(paused=False, json=json, text="New activations may begin.")


async def _resume(reason: str) -> None:
    async with staff_context() as opened:
        await pausing.resume(opened, reason=reason)


def _tell(*, paused: bool, json: bool, text: str) -> None:
    if json:
        show_json({"paused": paused})
    else:
        typer.echo(text)
