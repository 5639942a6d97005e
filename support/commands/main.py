"""`activation support ...`: the verbs of the console, for people and (`--json`) for scripts."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import settings
from domain.contracts.channels import Channel
from domain.contracts.vocabulary import Choice, Language, WaitReason
from ledger import activations
from ledger.consents import Consent
from security.purposes import User
from starter import startup
from starter.client import connect
from starter.output import Failed, show_json, utc
from support.commands import alerts as alerts_commands
from support.commands import audit as audit_commands
from support.commands import caller as caller_commands
from support.commands import erasure as erasure_commands
from support.commands import funnel as funnel_commands
from support.commands import notes as notes_commands
from support.commands import operations as operations_commands
from support.commands import operator as operator_commands
from support.commands import registrar as registrar_commands
from support.commands import requests as requests_commands
from support.commands.terminal import Json, Reason, Reference, ask, staff_context
from support.verbs import actions, queue, reason_texts, withdrawal
from support.verbs import retry_all as retry_all_of
from support.verbs import search as searching
from support.verbs.cases import Case, CaseSummary
from support.verbs.load_case import load_case
from support.verbs.search import SearchResult
from support.verbs.sentences import sentence
from support.verbs.staff import Action
from translations import translator
from web.view import clock

commands = typer.Typer(help="See why an activation is stuck, and move it.", no_args_is_help=True)
commands.add_typer(requests_commands.commands)
commands.add_typer(registrar_commands.commands)
commands.add_typer(caller_commands.commands)
commands.add_typer(notes_commands.commands)
commands.add_typer(erasure_commands.commands)
commands.add_typer(funnel_commands.commands)
commands.add_typer(audit_commands.commands, name="audit")
commands.add_typer(operator_commands.commands)
commands.add_typer(operations_commands.commands)
commands.add_typer(alerts_commands.commands)

_WIDE = 120
_HISTORY = "the history is too large to be read whole: only its beginning is shown."


@commands.command()
def serve() -> None:
    """Serve the console, where staff see and move activations."""
    config = settings.load()
    connect.server(config)
    asyncio.run(startup.compare_keys(config, User.CONSOLE))
    startup.serve("support.console.app:create", config.console, config.log_level)


@commands.command("list")
def list_(
    stuck: Annotated[bool, typer.Option(help="Only those that wait for a system.")] = False,
    json: Json = False,
) -> None:
    """List the open activations."""
    rows = asyncio.run(_list(stuck))
    if json:
        show_json([row.as_dict() for row in rows])
    else:
        _print(rows)


def _print(rows: Iterable[CaseSummary], names: Mapping[str, str] | None = None) -> None:
    """Print a line each; with `names`, whose each is."""
    table = Table("reference", "step", "reason", "since", "next try", "department", box=None)
    if names is not None:
        table.add_column("name")
    for row in rows:
        name = [] if names is None else [names.get(row.reference)]
        table.add_row(*(escape(_cell(value)) for value in [*row.as_dict().values(), *name]))
    # Piped or narrow, a line is still a whole line: nothing is cut.
    Console(soft_wrap=True, width=_WIDE).print(table)


def _cell(value: object) -> str:
    return utc(value) if isinstance(value, datetime) else str(value or "-")


async def _list(stuck: bool) -> list[CaseSummary]:
    async with staff_context() as opened:
        lines, _ = await queue.open_lines(opened)
        wanted = [line for line in lines if line.stuck or not stuck]
        return await queue.described(opened.client, wanted)


@commands.command()
def search(json: Json = False) -> None:
    """Find activations by reference, number, username, contact or the beginning of a name.

    The words are asked for, or read from standard input: what is in a command line, others see.
    """
    found = asyncio.run(_search(ask("Look for")))
    if json:
        named = {row.reference: {"name": found.names.get(row.reference)} for row in found.rows}
        show_json([row.as_dict() | named[row.reference] for row in found.rows])
        return
    _print(found.rows, found.names)
    if found.more:
        typer.echo("There are more; type more of the name.", err=True)


async def _search(typed: str) -> SearchResult:
    async with staff_context() as opened:
        return await searching.search(opened, typed)


@commands.command()
def show(reference: Reference, json: Json = False) -> None:
    """Say where one activation stands, why, since when, and what happened."""
    case = asyncio.run(_show(reference))
    place = settings.load().institution
    texts = translator(place.default_language)

    def told_at(moment: datetime) -> str:
        """Name the zone: beside the sentence times are UTC."""
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
        typer.echo(f"  {name}: {_cell(value)}")
    for event in case.timeline:
        told = event.as_dict()
        typer.echo(f"  {utc(event.at)}  {told['what']}  {told['detail'] or ''}")
    for part in case.missing:
        away = f"{part} does not answer: its part is missing here."
        typer.echo(_HISTORY if part == "history" else away, err=True)


async def _show(reference: str) -> Case:
    async with staff_context() as opened:
        return await load_case(opened, reference, unnoted=True)


@commands.command()
def retry_all(
    wait_reason: Annotated[str, typer.Option(help="Whom to wake: e.g. DIRECTORY_DOWN.")],
    reason: Reason,
    over: Annotated[float, typer.Option(min=0, help="Spread over so many seconds.")] = 30,
    json: Json = False,
) -> None:
    """Try now for every activation that waits for this reason."""
    woken = asyncio.run(_retry_all(_known(wait_reason), reason, over))
    if json:
        show_json({"wait_reason": wait_reason, "woken": woken})
    else:
        typer.echo(f"Woken: {woken}.")


def _known(wait_reason: str) -> WaitReason:
    try:
        return WaitReason(wait_reason)
    except ValueError:
        raise Failed(f"no such wait reason; there are {', '.join(WaitReason)}") from None


async def _retry_all(wait_reason: WaitReason, reason: str, over: float) -> int:
    async with staff_context() as opened:
        batch = await retry_all_of.retry_all(opened, wait_reason, reason=reason, over=over)
        return await batch.taken()


@commands.command()
def withdraw(
    reference: Reference,
    reason: Reason,
    choice: Annotated[
        list[Choice] | None, typer.Option(help="One choice; without any, the whole consent.")
    ] = None,
    json: Json = False,
) -> None:
    """Note that a student takes back a choice, or the whole consent."""
    stands, account = asyncio.run(_withdraw(reference, reason, choice or []))
    if json:
        kept = {"agreed": stands.agreed, "choices": stands.choices, "account": account}
        show_json({"reference": reference} | kept)
    else:
        typer.echo(withdrawal.told(stands, account=account))


async def _withdraw(reference: str, reason: str, choices: list[Choice]) -> tuple[Consent, bool]:
    async with staff_context() as opened:
        stands = await withdrawal.withdraw(opened, choices, reference=reference, reason=reason)
        return stands, await activations.username(opened.pool, opened.keys, reference) is not None


async def _act(action: Action, reference: str, reason: str, channel: Channel, json: bool) -> None:
    async with staff_context() as opened:
        at_once = await actions.act(
            opened, action, reference=reference, reason=reason, channel=channel
        )
    if json:
        show_json({"reference": reference, "answered": at_once})
    else:
        typer.echo("Done." if at_once else "Taken in; it counts as soon as a worker is back.")


def _add(action: Action) -> None:
    def command(reference: Reference, reason: Reason, json: Json = False) -> None:
        asyncio.run(_act(action, reference, reason, Channel.SMS, json))

    commands.command(action.value, help=actions.EFFECTS[action])(command)


@commands.command(help=actions.EFFECTS[Action.RESEND])
def resend(
    reference: Reference,
    reason: Reason,
    channel: Annotated[
        Channel,
        typer.Option(help="By which way.", parser=Channel, metavar=f"[{'|'.join(Channel.all())}]"),
    ] = Channel.SMS,
    json: Json = False,
) -> None:
    asyncio.run(_act(Action.RESEND, reference, reason, channel, json))


for each in (
    Action.RETRY,
    Action.UNLOCK,
    Action.REREAD,
    Action.RESOLVE,
    Action.HOLD,
    Action.RELEASE,
    Action.CANCEL,
):
    _add(each)
