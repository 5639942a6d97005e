"""`activation privacy ...`: what is held on one person, and the end of data."""

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import erased_list, forecast, retention
from ledger.forecast import Due
from ledger.retention import Swept
from starter.client import runs
from starter.output import Failed, Json, Yes, confirm, group, local, show_json, tell
from starter.progress import working
from support.commands.terminal import Reason, run, show_outcome
from support.verbs import erasure, personal_data
from support.verbs.erasure import ErasurePreview
from support.verbs.staff import Action, StaffContext

commands = group("Personal data: what is held on a person, and its end.")

_SECONDS = 3600.0
_UNDECIDED = (
    "These requests for help remain, because others have the contact that they name. Read each with"
    " `support request`, and repeat this with --request for those of this person:"
)
_NEEDLESS = "These requests for help were not left to be decided, so --request did nothing of them:"
_REMAINING = (
    "The histories of these activations of others, who have a contact of this person too, may have"
    " this person's record:"
)
_WHOSE_NUMBER = (
    "The registrar did not answer. Of a number that it has given to another person since, this is"
    " what the person before left: wait for it, or name the person by a reference."
)
_LATER = "some weeks after its end"

Person = Annotated[
    str, typer.Argument(help="A reference, or the student's number as the registrar has it.")
]
Requests = Annotated[
    list[str] | None,
    typer.Option(
        "--request",
        help="A request for help that is this person's, although others have the contact too.",
    ),
]


@commands.command()
def export(person: Person, reason: Reason, requests: Requests = None) -> None:
    """Write as JSON everything that is held on one person, without codes and passwords."""

    async def exported(ctx: StaffContext) -> dict[str, Any]:
        return await personal_data.export(
            ctx, person=person, reason=reason, requests=requests or ()
        )

    show_json(run(exported))


@commands.command()
def erase(
    person: Person,
    reason: Reason,
    requests: Requests = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Erase a person: all activations, and requests for help. This cannot be undone."""
    if not (yes or sys.stdin.isatty()):
        raise Failed("nobody can be asked here whether to erase: give --yes, or use a terminal")

    named = requests or ()

    if not yes:
        confirm(_to_erase(run(partial(erasure.preview, person=person, requests=named))))
    found, complete, remaining = run(
        partial(erasure.erase_person, person=person, reason=reason, requests=named)
    )
    needless = found.without_effect(named)
    outcome = {
        "references": found.references,
        "requests": found.requests,
        "complete": complete,
        "undecided_requests": found.undecided,
        "requests_without_effect": needless,
        "remaining_histories": remaining,
        "erased": True,
    }
    text = f"Erased: {len(found.references)} activations. The account was not touched."
    if not complete:
        text = f"{text}\n{personal_data.NOT_ASKED}"
    if found.undecided:
        text = "\n  ".join((f"{text}\n{_UNDECIDED}", *found.undecided))
    if needless:
        text = "\n  ".join((f"{text}\n{_NEEDLESS}", *needless))
    if remaining:
        kept = (f"{each} until {local(at) if at else _LATER}" for each, at in remaining.items())
        text = "\n  ".join((f"{text}\n{_REMAINING}", *kept))
    show_outcome(outcome, text, json=json)


@commands.command("erase-again")
def erase_again(
    file: Annotated[
        Path | None,
        typer.Argument(help="The list of erasures; without it, that of `erasures_file`."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(help="When, in UTC, the backup was taken."),
    ] = None,
    json: Json = False,
) -> None:
    """Erase again what a restore of Temporal or of the ledger brought back."""

    async def again(ctx: StaffContext) -> int:
        path = file or ctx.settings.erasures_file
        if path is None:
            raise Failed("Give the list: no erasures_file is set")
        erased = erased_list.read(path, since and since.replace(tzinfo=UTC))
        await erasure.erase_again(ctx, erased, counted=count)
        return len(erased)

    with working("Entries of the list are erased again") as count:
        done = run(again)
    show_outcome({"erased": done}, f"Erased again: {done} entries of the list.", json=json)


def _to_erase(preview: ErasurePreview) -> str:
    held = [f"  {store}: {number}" for store, number in preview.numbers.items()]
    doubts = () if preview.complete else (_WHOSE_NUMBER,)
    last = "The account is not touched."
    return "\n".join(("This erases for ever, by store:", *held, *doubts, last))


@commands.command()
def sweep(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what is due now, within 7 days, and next.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Sweep now, without a worker.")] = False,
    json: Json = False,
) -> None:
    """Show what the newest sweeps have deleted or emptied (the workers sweep hourly)."""
    if dry_run and now:
        raise Failed("--dry-run and --now exclude each other")
    if dry_run:
        _show_due(run(_due), json=json)
        return
    rows = run(_swept if now else _last)
    if json:
        show_json([{"at": row.at, "rule": row.rule, "gone": row.gone} for row in rows])
        return
    for row in rows:
        tell(f"{row.rule}: {row.gone} on {row.day}, last at {local(row.at)}")
    if not rows:
        tell("There was no sweep yet.")


def _show_due(found: dict[str, Due], *, json: bool) -> None:
    if json:
        show_json({kind: due._asdict() for kind, due in found.items()})
        return
    for kind, due in found.items():
        later = f"{due.soon} within {forecast.DAYS} days"
        tell(f"{kind}: {due.now} now, {later}, next at {local(due.next_at)}")


async def _due(ctx: StaffContext) -> dict[str, Due]:
    return await forecast.forecast(ctx.pool, ctx.settings.retention)


async def _swept(ctx: StaffContext) -> list[Swept]:
    await ctx.record(Action.SWEEP)
    await retention.sweep(
        ctx.pool,
        ctx.keys,
        ctx.settings.retention,
        partial(runs.delete_newest, ctx.client),
        partial(runs.ends, ctx.client),
        seconds=_SECONDS,
    )
    return await _last(ctx)


async def _last(ctx: StaffContext) -> list[Swept]:
    return await retention.last(ctx.pool)
