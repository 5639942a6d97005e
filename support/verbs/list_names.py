"""Shows who the students of a list are, to staff who may search by name.

A list with names counts as a search of this person, and the audit has whose names and contacts were
shown.
"""

import asyncio
from collections.abc import Sequence

from ledger import activations
from starter.client.connect import TemporalUnavailable
from support.verbs import cases, staff_limits
from support.verbs.cases import CaseState, CaseSummary
from support.verbs.histories import UnknownReference
from support.verbs.staff import Action, StaffContext

_AT_ONCE = 20


async def who(ctx: StaffContext, rows: Sequence[CaseSummary]) -> dict[str, str]:
    """Return the name of each line by reference, else the masked contact that began it.

    Raises `NotAllowed` and `RateLimited`.
    """
    await staff_limits.count(ctx, Action.SEARCH)
    stored = await activations.names_of(ctx.pool, ctx.keys, [row.reference for row in rows])
    asked = [
        row for row in rows if row.reference not in stored and row.state is not CaseState.ERASED
    ]
    if asked:
        begun = ", ".join(sorted(row.reference for row in asked))
        await ctx.record(Action.SEARCH, reason=f"contacts shown: {begun}")
    if stored:
        await ctx.record(Action.SEARCH, reason=f"names shown: {', '.join(sorted(stored))}")
    turns = asyncio.Semaphore(_AT_ONCE)

    async def contact(row: CaseSummary) -> str:
        async with turns:
            try:
                return await cases.contact(ctx.client, row.reference)
            except (TemporalUnavailable, UnknownReference):
                return ""

    found = await asyncio.gather(*map(contact, asked))
    return stored | {row.reference: told for row, told in zip(asked, found, strict=True) if told}
