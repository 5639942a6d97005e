"""Notes that a student wants no invitations of campaigns, and takes that back.

The student is named by number, as the registrar has it: whoever objects has no activation. The
objection is stored under every key of the person, so that it holds for each of their enrolments.
"""

from adapters.errors import AdapterError
from domain.registrar.humans import people
from ledger import erasure, objections
from support.verbs import registrar_person, staff_limits
from support.verbs.actions import ActionRefused
from support.verbs.registrar_rows import in_sight, opened, own_domains, person_in, region_of
from support.verbs.staff import Action, StaffContext
from translations import N_


async def note(ctx: StaffContext, *, number: str, reason: str = "") -> None:
    """Let no campaign invite this student from now on; idempotent. Raises as `_keys`."""
    await objections.note(ctx.pool, await _keys(ctx, number, "noted", reason))


async def take_back(ctx: StaffContext, *, number: str, reason: str = "") -> bool:
    """Let campaigns invite this student again; return False if nothing was noted.

    Raises as `_keys`.
    """
    return await objections.take_back(ctx.pool, await _keys(ctx, number, "taken back", reason))


async def _keys(ctx: StaffContext, number: str, act: str, reason: str) -> list[str]:
    """Count and audit the act, and return every key of the student.

    Raises `ActionRefused`, `NotAllowed` and `RateLimited`.
    """
    await staff_limits.count(ctx, Action.OBJECTION)
    await ctx.record(Action.OBJECTION, reason=f"{act}: {reason}" if reason else act)
    try:
        return await _keys_with(ctx, number)
    except ActionRefused:
        await ctx.record_refusal(Action.OBJECTION, None)
        raise


async def _keys_with(ctx: StaffContext, number: str) -> list[str]:
    """Return every key of the one student in sight who has this number; else `ActionRefused`."""
    try:
        async with opened(ctx) as registrar:
            rows = await registrar.by_number(number) if number.strip() else []
    except AdapterError:
        raise ActionRefused(
            N_("The secretariat's records do not answer at the moment: nothing was changed.")
        ) from None
    groups = people(rows, region_of(ctx), own_domains(ctx))
    found = [
        each
        for each in registrar_person.with_number(groups, number)
        if any(in_sight(ctx, row) for row in each.rows)
    ]
    if not found:
        raise ActionRefused(N_("No student whom you may see has this number."))
    if len(found) > 1:
        raise ActionRefused(registrar_person.SEVERAL)
    return await erasure.keys_of(ctx.pool, None, person_in(ctx, found[0].rows).keys)
