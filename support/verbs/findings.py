"""Lists the reconciler's findings, and records which of them staff have settled."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.findings import FindingKind
from ledger import findings
from ledger.findings import FindingRow
from support.verbs.actions import ActionRefused
from support.verbs.staff import Action, StaffContext
from translations import N_

MOST = 500
"""How many a page of the console shows."""
_SUBJECT = re.compile(r"[0-9A-Za-z-]{1,100}")


@dataclass(frozen=True)
class FindingList:
    """Findings, the newest first, and when the reconciler has last completed a look.

    `standing` is how many stand, also of those that are not in `rows`.
    """

    rows: Sequence[FindingRow]
    standing: int
    looked_at: datetime | None


async def listed(
    ctx: StaffContext, *, most: int | None = None, everything: bool = False
) -> FindingList:
    """Return the findings that stand; `everything`: those of the last weeks. It is audited."""
    await ctx.record(Action.FINDINGS)
    rows = await findings.page(ctx.pool, ctx.keys, limit=most, everything=everything)
    standing = sum((await findings.counts(ctx.pool)).values())
    return FindingList(rows, standing, await findings.last_look(ctx.pool))


async def settle(ctx: StaffContext, kind: str, subject: str, *, reason: str) -> None:
    """Record that staff have seen to a finding; raises `ActionRefused` if none stands."""
    known = kind in set(FindingKind) and _SUBJECT.fullmatch(subject)
    await ctx.record(Action.FINDINGS, reason=f"{kind}: {reason}" if known else reason)
    if not known or not await findings.settle(ctx.pool, kind, subject):
        raise ActionRefused(N_("There is no such finding, or it is over."))
