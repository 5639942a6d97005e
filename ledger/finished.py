"""Lists and counts the activations that have ended."""

from collections.abc import Collection
from datetime import datetime

from ledger.activations import COLUMNS, ActivationRow, read
from postgres import Pool


async def page(
    pool: Pool,
    *,
    since: datetime,
    departments: Collection[str] | None,
    end: str | None = None,
    beyond: datetime | None = None,
    falling: bool = True,
    limit: int,
) -> tuple[list[ActivationRow], int, int]:
    """Return the first activations ended since then, how many these are the first of, and all.

    The first are the newest (`falling`) or oldest of those that ended `beyond` a moment in this
    order, which is a whole millisecond. There are more than `limit` where they ended in the same
    one. `departments` None means all; `end` None means every outcome.
    """
    asked = (since, departments, end, beyond, falling)
    ended = (
        " FROM activation WHERE ended_at >= $1"
        " AND ($2::text[] IS NULL OR department = ANY($2)) AND ($3::text IS NULL OR end_step = $3)"
    )
    here = (
        "($4::timestamptz IS NULL OR"
        " CASE WHEN $5 THEN ended_at < $4 ELSE ended_at >= $4 + interval '1 ms' END)"
    )
    rows = await pool.fetch(
        f"SELECT {COLUMNS}{ended} AND {here}"
        " ORDER BY CASE WHEN $5 THEN date_trunc('milliseconds', ended_at) END DESC,"
        " date_trunc('milliseconds', ended_at)"
        " FETCH FIRST $6 ROWS WITH TIES",
        *asked,
        limit,
    )
    (counted,) = await pool.fetch(
        f"SELECT count(*) FILTER (WHERE {here}) AS here, count(*) AS total{ended}", *asked
    )
    return [read(row) for row in rows], counted["here"], counted["total"]


async def counts(
    pool: Pool, *, since: datetime, departments: Collection[str] | None
) -> list[tuple[str, int]]:
    """Return the outcomes since then with their numbers, the most frequent first.

    Look-ups that found nobody and are deleted count by the hour in which they began.
    """
    rows = await pool.fetch(
        "SELECT end_step, sum(number)::bigint AS number FROM ("
        "SELECT end_step, count(*) AS number FROM activation WHERE ended_at >= $1"
        " AND ($2::text[] IS NULL OR department = ANY($2)) GROUP BY end_step"
        " UNION ALL SELECT 'not_found', sum(number) FROM missed"
        " WHERE hour >= $1 AND $2::text[] IS NULL) ended"
        " WHERE number > 0 GROUP BY end_step ORDER BY number DESC, end_step",
        since,
        departments,
    )
    return [(row["end_step"], row["number"]) for row in rows]
