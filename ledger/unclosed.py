"""Ends activations that Temporal does not run (any more), and whose end nobody has recorded.

A portal that crashed before it started the workflow leaves such a row, and so does a workflow that
an operator terminated.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from domain.contracts.vocabulary import Step
from ledger import activations
from postgres import Pool

EndsOf: TypeAlias = Callable[[Sequence[str]], Awaitable[Mapping[str, Step]]]
"""Returns the ends of those of these references that Temporal does not run."""

_STARTED_WITHIN = timedelta(days=1)
"""No session of the portal that could still start the workflow lasts for longer."""
_AT_ONCE = 500
# At random, so that every one has its turn, however many are really under way.
_LIVE = (
    "SELECT reference FROM activation"
    " WHERE ended_at IS NULL AND started_at < now() - $1::interval ORDER BY random() LIMIT $2"
)


async def end(pool: Pool, ends_of: EndsOf) -> int:
    """End those among some hundred live activations; return how many there were."""
    rows = await pool.fetch(_LIVE, _STARTED_WITHIN, _AT_ONCE)
    ends = await ends_of([row["reference"] for row in rows])
    for reference, step in ends.items():
        await activations.close(pool, reference=reference, end=step)
    return len(ends)
