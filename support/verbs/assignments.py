"""Assigns activations and requests for help to staff, and tells what is assigned to whom.

Assigned is only to who may see the case: to oneself, or to a colleague who is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ledger import activations, assignments, support_requests
from ledger.notes import NoteLine
from ledger.support_requests import Waiting
from support.verbs import colleagues, notes, requests, search
from support.verbs.actions import ActionRefused
from support.verbs.cases import CaseSummary
from support.verbs.filters import Assigned, Filter
from support.verbs.numbered import NumberedPage
from support.verbs.staff import Action, StaffContext, lasting
from translations import N_

_CHANGED = N_("Meanwhile somebody else has assigned it: see to whom before you change it.")


@dataclass(frozen=True)
class Mine:
    """What is assigned to one member of staff, and the notes to them that they have not read."""

    rows: Sequence[CaseSummary]
    requests: Sequence[Waiting]
    notes: NumberedPage[NoteLine]


async def now(ctx: StaffContext, reference: str) -> tuple[str | None, str | None]:
    """Return the case's department, and who has it; raises `UnknownReference`."""
    department = await notes.department(ctx, reference)
    ctx.check_sight(department)
    held = (await assignments.of(ctx.pool, [reference])).get(reference)
    return department, held.assignee if held else None


async def assign(ctx: StaffContext, reference: str, *, to: str, was: str) -> None:
    """Assign an activation, to nobody with an empty name; `was` as whoever assigns has seen it.

    Raises `ActionRefused` and `UnknownReference`.
    """
    ctx.staff.check(Action.ASSIGN)
    department = await notes.department(ctx, reference)
    ctx.check_sight(department)
    await colleagues.check(ctx, to, department, Action.ASSIGN)
    await ctx.record(Action.ASSIGN, reference, to or "nobody")
    if to:
        done = await assignments.put(ctx.pool, reference, to=to, by=ctx.staff.name, was=was or None)
    else:
        done = await assignments.drop(ctx.pool, reference, was=was or None)
    if not done:
        await ctx.record_refusal(Action.ASSIGN, reference)
        raise ActionRefused(_CHANGED)


async def assign_request(ctx: StaffContext, request_id: str, *, to: str, was: str) -> None:
    """Assign a request for help as `assign` does; raises `UnknownRequest` besides."""
    ctx.staff.check(Action.ASSIGN)
    line = (await requests.known(ctx, request_id)).line
    await colleagues.check(ctx, to, line.department, Action.ASSIGN)
    await ctx.record(Action.ASSIGN, line.reference, f"{request_id}: {to or 'nobody'}")
    if not await assignments.put_request(ctx.pool, request_id, to=to or None, was=was or None):
        await ctx.record_refusal(Action.ASSIGN, line.reference)
        raise ActionRefused(_CHANGED)


def seen(ctx: StaffContext, held: str | None, taken_from: str) -> str:
    """Return the `was` of whoever names the assignee only where it is another (`taken_from`)."""
    if held is None:
        return ""
    return held if lasting(held) == lasting(ctx.staff.name) else taken_from


async def narrowed_to(ctx: StaffContext, held: Assigned | None, narrowed: Filter) -> Filter:
    """Narrow a list further to those of this person, or of nobody; None: of anybody."""
    if held is None:
        return narrowed
    if held is Assigned.ME:
        return replace(narrowed, among=await assignments.in_progress(ctx.pool, ctx.staff.name))
    return replace(narrowed, without=await assignments.in_progress(ctx.pool))


async def mine(ctx: StaffContext, notes_page: int = 1) -> Mine:
    """Return what is assigned to this person, of the departments in their sight."""
    ctx.staff.check(Action.ASSIGN)
    name = ctx.staff.name
    found = await activations.noted(ctx.pool, await assignments.in_progress(ctx.pool, name))
    rows = await search.lines(ctx, list(found.values()))
    waiting: Sequence[Waiting] = ()
    if ctx.staff.may(Action.REQUESTS):
        waiting = await support_requests.assigned(ctx.pool, ctx.staff.departments, name)
    return Mine(
        rows=sorted(filter(lambda row: ctx.staff.sees(row.department), rows), key=_since),
        requests=waiting,
        notes=await notes.unread(ctx, notes_page),
    )


def _since(line: CaseSummary) -> datetime:
    return line.since
