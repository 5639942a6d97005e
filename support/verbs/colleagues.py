"""Tells which of staff may take a case, or have a note on it.

They are oneself, and colleagues who have signed in to the console within a day, with the rights of
that sign-in.
"""

from ledger import staff_sessions
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext, lasting, staff_of
from translations import N_

_NOBODY = N_("Choose yourself or one of the colleagues who are named here.")


async def colleagues(ctx: StaffContext, department: str | None, action: Action) -> list[str]:
    """Return the names of the others who may do this in a case of this department."""
    staff = map(staff_of, await staff_sessions.recent(ctx.pool, ctx.keys))
    own = lasting(ctx.staff.name)
    return sorted(
        {
            each.name
            for each in staff
            if each.may(action) and each.sees(department) and lasting(each.name) != own
        }
    )


async def check(ctx: StaffContext, name: str, department: str | None, action: Action) -> None:
    """Raise `ActionRefused` for a name that is neither empty, one's own, nor a colleague's."""
    if name and name != ctx.staff.name and name not in await colleagues(ctx, department, action):
        raise ActionRefused(_NOBODY)
