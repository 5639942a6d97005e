"""Tells which departments have students in progress."""

from collections.abc import Collection

from postgres import Pool


async def in_progress(pool: Pool, departments: Collection[str] | None) -> dict[str, str]:
    """Return by department its newest activation in progress; `departments` None: of all."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (department) department, reference FROM activation"
        " WHERE ended_at IS NULL AND department IS NOT NULL"
        " AND ($1::text[] IS NULL OR department = ANY($1))"
        " ORDER BY department, started_at DESC",
        departments,
    )
    return dict(map(tuple, rows))
