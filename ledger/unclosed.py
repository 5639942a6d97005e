"""Ends activations that Temporal does not run (any more), and whose end nobody has recorded.

A portal that crashed before it started the workflow leaves such a row, and so does a workflow that
an operator terminated. Each live activation is asked about a few times a day at most: first
those that nobody has asked about, the oldest first, then those asked about longest ago.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from domain.contracts.vocabulary import Step
from ledger import activations
from postgres import Pool

EndsOf: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Step] | None]]
"""Returns the ends of those of these references that Temporal does not run; None: unknown."""

_STARTED_WITHIN = timedelta(days=1)
"""No session of the portal that could still start the workflow lasts for longer."""
_ASKED_WITHIN = timedelta(hours=6)
_AT_ONCE = 500
_DUE = (
    "SELECT reference FROM activation WHERE ended_at IS NULL"
    " AND started_at < now() - $1::interval"
    " AND (asked_at IS NULL OR asked_at < now() - $2::interval)"
    " ORDER BY asked_at NULLS FIRST, started_at LIMIT $3"
)


async def end(pool: Pool, ends_of: EndsOf) -> int:
    """End those among the live activations whose turn it is; return how many there were."""
    rows = await pool.fetch(_DUE, _STARTED_WITHIN, _ASKED_WITHIN, _AT_ONCE)
    due = [row["reference"] for row in rows]
    ends = await ends_of(due) if due else {}
    if ends is None:
        return 0
    await pool.execute("UPDATE activation SET asked_at = now() WHERE reference = ANY($1)", due)
    for reference, step in ends.items():
        await activations.close(pool, reference=reference, end=step)
    return len(ends)
