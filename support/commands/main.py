"""`activation support ...`: the verbs of the console, for people and (`--json`) for scripts."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import typer
from babel.dates import format_timedelta
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import settings
from domain.contracts.vocabulary import Language, Step, WaitReason
from security.purposes import User
from starter import ready_answers, startup
from starter.client import environment
from starter.output import Json, show_json, tell
from starter.progress import awaited
from support.commands import (
    actions,
    alerts,
    assignments,
    audit,
    findings,
    operations,
    operator,
    registrar,
    requests,
)
from support.commands.terminal import Reference, ask, run
from support.console.labels import Labels
from support.verbs import queue, reason_texts
from support.verbs import search as searching
from support.verbs.cases import CaseSummary
from support.verbs.load_case import load_case
from support.verbs.sentences import sentence
from support.verbs.staff import StaffContext
from translations import translator
from web.view import clock

commands = typer.Typer(help="See why an activation is stuck, and move it.", no_args_is_help=True)
commands.add_typer(audit.commands, name="audit")
for module in (requests, assignments, registrar, actions, operator, operations, findings, alerts):
    commands.add_typer(module.commands)

_WIDE = 160
_COLUMNS = {
    "reference": 11,
    "step": max(map(len, Step)),
    "reason": max(map(len, WaitReason)),
    "stands for": 10,
    "next try": 10,
    "department": 10,
}
"""The columns of a list with their least width, so that its batches stand below each other."""
_HISTORY = "the history is too large to be read whole: only its beginning is shown."


@commands.command()
def serve() -> None:
    """Serve the console, the staff's web pages."""
    config = settings.load()
    ready_answers.own(config)
    environment.server(config)
    asyncio.run(startup.compare_keys(config, User.CONSOLE))
    startup.serve("support.console.app:create", config.console, config.log_level)


@commands.command("list")
def list_(
    stuck: Annotated[
        bool, typer.Option(help="Only those that wait for a system or for staff.")
    ] = False,
    json: Json = False,
) -> None:
    """List the open activations, those first that have waited longest."""

    async def show(ctx: StaffContext) -> None:
        batches = awaited("Temporal is asked", queue.batches(ctx, stuck=stuck))
        if json:
            show_json([row.as_dict() async for batch in batches for row in batch])
            return
        now, codes = await ctx.now(), set[str]()
        headed = True
        async for batch in batches:
            _print(batch, now, headed=headed)
            codes |= {str(row.wait_reason or row.step) for row in batch}
            headed = False
        _explain(codes)

    run(show, prints=True)


def _print(rows: Collection[CaseSummary], now: datetime, *, headed: bool = True) -> None:
    """Print one line per activation."""
    if not (rows or headed):
        return
    table = Table(box=None, show_header=headed, padding=(0, 1, 0, 0), pad_edge=False)
    for column, width in _COLUMNS.items():
        table.add_column(column, min_width=width)
    for row in rows:
        tried = row.next_try_at
        next_try = f"in {_span(tried - now)}" if tried else "-"
        state = row.reference, row.step, row.wait_reason or "-", _span(now - row.since)
        table.add_row(*map(escape, (*state, next_try, row.department or "-")))
    # Lines are never cut, even in a pipe or a narrow terminal.
    Console(soft_wrap=True, width=_WIDE).print(table)


def _explain(codes: Collection[str]) -> None:
    """Print what each code means, where there is any."""
    labels = Labels(Language.EN)
    for code in sorted(codes):
        tell(f"{code}: {labels.cause(code)}")


def _span(time: timedelta) -> str:
    """Say a length of time shortly: "3 hr"."""
    at_least = max(time, timedelta(minutes=1))
    return format_timedelta(at_least, granularity="minute", format="short", locale="en")


@commands.command()
def search(json: Json = False) -> None:
    """Find activations by reference, number, username, contact or the beginning of a name.

    Prompts for the words, or reads them from standard input, because others can see a command line.
    """
    typed = ask("Look for")

    async def look(ctx: StaffContext) -> tuple[searching.SearchResult, datetime]:
        return await searching.search(ctx, typed), await ctx.now()

    found, now = run(look)
    if json:
        named = {row.reference: {"name": found.names.get(row.reference)} for row in found.rows}
        show_json([row.as_dict() | named[row.reference] for row in found.rows])
        return
    _print(found.rows, now)
    for reference, name in found.names.items():
        tell(f"{reference}: {name}")
    _explain({str(row.wait_reason or row.step) for row in found.rows})
    if found.more:
        tell("There are more; type more of the name.", err=True)


@commands.command()
def show(reference: Reference, json: Json = False) -> None:
    """Show one activation's step, why and since when it waits, and what has happened."""
    case = run(partial(load_case, reference=reference, unnoted=True))
    place = settings.load().institution
    texts = translator(place.default_language)

    def told_at(moment: datetime) -> str:
        """Format a time in the institution's zone, and name the zone."""
        zone = place.timezone
        told = clock(moment, language=place.default_language, zone=zone, seconds=True)
        return f"{told} {moment.astimezone(zone):%Z}"

    said = sentence(case.standing, texts, told_at)
    if json:
        show_json(case.as_dict(said))
        return
    tell(f"{case.standing.reference}: {said}")
    department = {"department": case.department_in(Language.EN)}
    assigned = {"assignee": case.standing.assignee}
    shown = {**case.standing.as_dict(), **department, **assigned, **case.masked}
    if "match" in shown:
        shown["match"] = reason_texts.reason(shown["match"], place.default_language)
    for name, value in shown.items():
        text = told_at(value) if isinstance(value, datetime) else str(value or "-")
        tell(f"  {name}: {text}")
    for event in case.timeline:
        told = event.as_dict()
        tell(f"  {told_at(event.at)}  {told['what']}  {told['detail'] or ''}")
    for part in case.missing:
        away = f"{part} does not answer: its part is missing here."
        tell(_HISTORY if part == "history" else away, err=True)
