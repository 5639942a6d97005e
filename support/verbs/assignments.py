"""Assigns activations and requests for help to staff, and tells what is assigned to whom.

Assigned is only to who may see the case: to oneself, or to a colleague who has signed in to the
console within a day, with the rights of that sign-in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger import activations, assignments, staff_sessions, support_requests
from ledger.support_requests import Waiting
from support.verbs import notes, requests, search
from support.verbs.actions import ActionRefused
from support.verbs.cases import CaseSummary
from support.verbs.filters import Assigned
from support.verbs.staff import Action, StaffContext, lasting, staff_of
from translations import N_

_CHANGED = N_("Meanwhile somebody else has assigned it: see to whom before you change it.")
_NOBODY = N_("Choose yourself or one of the colleagues who are named here.")


@dataclass(frozen=True)
class Mine:
    """What is assigned to one member of staff, and the notes that are for them."""

    rows: Sequence[CaseSummary]
    requests: Sequence[Waiting]
    notes: Sequence[tuple[str, str, datetime]]


async def colleagues(ctx: StaffContext, department: str | None) -> list[str]:
    """Return the names of the others who may take a case of this department."""
    staff = map(staff_of, await staff_sessions.recent(ctx.pool, ctx.keys))
    own = lasting(ctx.staff.name)
    return sorted(
        {
            each.name
            for each in staff
            if each.may(Action.ASSIGN) and each.sees(department) and lasting(each.name) != own
        }
    )


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
    await _check_assignee(ctx, to, department)
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
    await _check_assignee(ctx, to, line.department)
    await ctx.record(Action.ASSIGN, line.reference, f"{request_id}: {to or 'nobody'}")
    if not await assignments.put_request(ctx.pool, request_id, to=to or None, was=was or None):
        await ctx.record_refusal(Action.ASSIGN, line.reference)
        raise ActionRefused(_CHANGED)


async def _check_assignee(ctx: StaffContext, to: str, department: str | None) -> None:
    if to and to != ctx.staff.name and to not in await colleagues(ctx, department):
        raise ActionRefused(_NOBODY)


async def narrowed_to(ctx: StaffContext, held: Assigned | None) -> dict[str, list[str]]:
    """Return the part of a list's filter that shows those of this person, or of nobody."""
    if held is None:
        return {}
    if held is Assigned.ME:
        return {"among": await assignments.in_progress(ctx.pool, ctx.staff.name)}
    return {"without": await assignments.in_progress(ctx.pool)}


async def mine(ctx: StaffContext) -> Mine:
    """Return what is assigned to this person, of the departments in their sight."""
    ctx.staff.check(Action.ASSIGN)
    name = ctx.staff.name
    found = await activations.noted(ctx.pool, await assignments.in_progress(ctx.pool, name))
    rows = await search.lines(ctx, list(found.values()))
    written = await assignments.notes_to(ctx.pool, name)
    noted = await activations.noted(ctx.pool, [reference for reference, _, _ in written])
    waiting: Sequence[Waiting] = ()
    if ctx.staff.may(Action.REQUESTS):
        waiting = await support_requests.assigned(ctx.pool, ctx.staff.departments, name)
    return Mine(
        rows=sorted(filter(lambda row: ctx.staff.sees(row.department), rows), key=_since),
        requests=waiting,
        notes=[
            each
            for each in written
            if each[0] in noted and ctx.staff.sees(noted[each[0]].department)
        ],
    )


def _since(line: CaseSummary) -> datetime:
    return line.since
