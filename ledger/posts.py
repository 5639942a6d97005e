"""Rate limits of the forms that browsers send, and of an activation's answers before Temporal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger import budgets
from ledger.budgets import Bound, Taken
from postgres import Pool

IN_ALL = 50
"""Answers per activation over its whole life: many times what a student needs, and few enough to
keep its history far below Temporal's limits (each answer costs up to 18 events)."""
AN_HOUR = 30
_TAKE_FORM = """
WITH found AS (
    SELECT EXISTS (
        SELECT FROM session WHERE (token_hash = $1 OR previous_hash = $1)
        AND reference IS NOT NULL
        AND seen_at > now() - $2::interval AND created_at > now() - $3::interval
    ) AS inside
)
SELECT inside, remaining, opens FROM found, take_limits(
    CASE WHEN inside THEN ($4::text[])[:1] ELSE ($4::text[])[2:] END,
    CASE WHEN inside THEN ($5::interval[])[:1] ELSE ($5::interval[])[2:] END,
    CASE WHEN inside THEN ($6::integer[])[:1] ELSE ($6::integer[])[2:] END,
    NULL
)
"""


@dataclass(frozen=True)
class PostsSpent:
    """A limit is reached: no answer is taken before `opens`; None: before staff allow new ones."""

    opens: datetime | None


async def take(pool: Pool, reference: str, submission_id: str) -> PostsSpent | None:
    """Count this answer; return None when it may go on. Deduplicated by `submission_id`."""
    row = await pool.fetchrow(
        "SELECT refused, opens FROM take_post($1, $2, $3, $4)",
        reference,
        submission_id,
        AN_HOUR,
        IN_ALL,
    )
    return PostsSpent(row["opens"]) if row and row["refused"] else None


async def take_form(
    pool: Pool,
    token_hash: str,
    bounds: Sequence[Bound],
    idle: timedelta,
    absolute: timedelta,
) -> dict[str, Taken]:
    """Count a form by the first bound if its session has an activation, else by the others."""
    columns = budgets.columns(bounds)
    row = await pool.fetchrow(_TAKE_FORM, token_hash, idle, absolute, *columns)
    assert row is not None  # noqa: S101 - the function returns one row
    return budgets.told(bounds[:1] if row["inside"] else bounds[1:], row)


async def spent(pool: Pool, reference: str) -> PostsSpent | None:
    """Return the limit that refuses the next answer, or None."""
    row = await pool.fetchrow(
        "SELECT count(*) AS used, count(*) FILTER (WHERE lately) AS lately,"
        " min(at) FILTER (WHERE lately) + interval '1 hour' AS opens FROM"
        " (SELECT at, at > now() - interval '1 hour' AS lately FROM post WHERE reference = $1) p",
        reference,
    )
    assert row is not None  # noqa: S101 - an aggregate always has a row
    if row["used"] >= IN_ALL:
        return PostsSpent(None)
    return PostsSpent(row["opens"]) if row["lately"] >= AN_HOUR else None


async def renew(pool: Pool, reference: str) -> bool:
    """Reset both limits where one is reached; return False where none is."""
    reached = await spent(pool, reference) is not None
    if reached:
        await pool.execute("DELETE FROM post WHERE reference = $1", reference)
    return reached
