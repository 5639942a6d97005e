"""Counts, by start day, how many activations reached each stage.

Erased ones stay counted, and so do look-ups that found nobody and are deleted.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from domain.contracts.vocabulary import Step
from postgres import Pool

_BY_DAY = """
SELECT day::date AS day, count(reference) + coalesce(max(swept.number), 0)::bigint AS started,
    count(department) AS proven,
    count(agreed.reference) AS agreed, count(*) FILTER (WHERE end_step = $5) AS active
FROM generate_series($1::date, $2::date, interval '1 day') day
LEFT JOIN activation ON started_at >= day::timestamp AT TIME ZONE $3
    AND started_at < (day::timestamp + interval '1 day') AT TIME ZONE $3
    AND ($4::text[] IS NULL OR department = ANY ($4))
LEFT JOIN (SELECT DISTINCT reference FROM consent) agreed USING (reference)
LEFT JOIN LATERAL (
    SELECT sum(number) AS number FROM missed WHERE $4::text[] IS NULL
    AND hour >= day::timestamp AT TIME ZONE $3
    AND hour < (day::timestamp + interval '1 day') AT TIME ZONE $3
) swept ON true
GROUP BY day ORDER BY day
"""


@dataclass(frozen=True)
class Day:
    """Of the activations that `started` on this day, how many have reached each stage by now.

    `proven`: the PIN was right; a department is known from then on only.
    """

    day: date
    started: int
    proven: int
    agreed: int
    active: int


async def by_day(
    pool: Pool, first: date, last: date, zone: ZoneInfo, departments: Collection[str] | None
) -> list[Day]:
    """Return the counts of each day from `first` to `last`; `departments` None: of all."""
    rows = await pool.fetch(_BY_DAY, first, last, zone.key, departments, Step.ACTIVE)
    return [Day(**row) for row in rows]
