"""`activation support ...`: the verbs of the console, for people and (`--json`) for scripts."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import settings
from domain.contracts.vocabulary import Language, Step, WaitReason
from security.purposes import User
from starter import startup
from starter.client import environment
from starter.output import Json, show_json, utc
from support.commands import (
    actions,
    alerts,
    audit,
    findings,
    operations,
    operator,
    registrar,
    requests,
)
from support.commands.terminal import Reference, ask, run
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
for module in (requests, registrar, actions, operator, operations, findings, alerts):
    commands.add_typer(module.commands)

_WIDE = 160
_COLUMNS = {
    "reference": 12,
    "step": max(map(len, Step)),
    "reason": max(map(len, WaitReason)),
    "since": 23,
    "next try": 23,
    "department": 10,
}
"""The columns of a list with their least width, so that its batches stand below each other."""
_HISTORY = "the history is too large to be read whole: only its beginning is shown."


@commands.command()
def serve() -> None:
    """Serve the console, the staff's web pages."""
    config = settings.load()
    environment.server(config)
    asyncio.run(startup.compare_keys(config, User.CONSOLE))
    startup.serve("support.console.app:create", config.console, config.log_level)


@commands.command("list")
def list_(
    stuck: Annotated[bool, typer.Option(help="Only those that wait for a system.")] = False,
    json: Json = False,
) -> None:
    """List the open activations."""

    async def show(ctx: StaffContext) -> None:
        batches = queue.batches(ctx, stuck=stuck)
        if json:
            show_json([row.as_dict() async for batch in batches for row in batch])
            return
        headed = True
        async for batch in batches:
            _print(batch, headed=headed)
            headed = False

    run(show)


def _print(
    rows: Collection[CaseSummary], names: Mapping[str, str] | None = None, *, headed: bool = True
) -> None:
    """Print one line per activation; with `names` also the student's name."""
    if not (rows or headed):
        return
    table = Table(box=None, show_header=headed)
    for column, width in _COLUMNS.items():
        table.add_column(column, min_width=width)
    if names is not None:
        table.add_column("name")
    for row in rows:
        name = [] if names is None else [names.get(row.reference)]
        table.add_row(*(escape(_cell(value)) for value in [*row.as_dict().values(), *name]))
    # Lines are never cut, even in a pipe or a narrow terminal.
    Console(soft_wrap=True, width=_WIDE).print(table)


def _cell(value: object) -> str:
    return utc(value) if isinstance(value, datetime) else str(value or "-")


@commands.command()
def search(json: Json = False) -> None:
    """Find activations by reference, number, username, contact or the beginning of a name.

    Prompts for the words, or reads them from standard input, because others can see a command line.
    """
    found = run(partial(searching.search, typed=ask("Look for")))
    if json:
        named = {row.reference: {"name": found.names.get(row.reference)} for row in found.rows}
        show_json([row.as_dict() | named[row.reference] for row in found.rows])
        return
    _print(found.rows, found.names)
    if found.more:
        typer.echo("There are more; type more of the name.", err=True)


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
    typer.echo(f"{case.standing.reference}: {said}")
    department = {"department": case.department_in(Language.EN)}
    shown = {**case.standing.as_dict(), **department, **case.masked}
    if "match" in shown:
        shown["match"] = reason_texts.reason(shown["match"], place.default_language)
    for name, value in shown.items():
        text = told_at(value) if isinstance(value, datetime) else _cell(value)
        typer.echo(f"  {name}: {text}")
    for event in case.timeline:
        told = event.as_dict()
        typer.echo(f"  {told_at(event.at)}  {told['what']}  {told['detail'] or ''}")
    for part in case.missing:
        away = f"{part} does not answer: its part is missing here."
        typer.echo(_HISTORY if part == "history" else away, err=True)
