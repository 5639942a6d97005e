"""The funnel counts by the days of the institution's clock, also when that is set."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ledger import funnel
from ledger.funnel import Day
from postgres import Pool

ATHENS = ZoneInfo("Europe/Athens")
SATURDAY, SUNDAY, MONDAY = date(2002, 10, 26), date(2002, 10, 27), date(2002, 10, 28)


async def start(
    pool: Pool,
    reference: str,
    at: str,
    department: str | None = None,
    *,
    agreed: int = 0,
    end: str | None = None,
) -> None:
    await pool.execute(
        "INSERT INTO activation (reference, language, started_at, department, end_step)"
        " VALUES ($1, 'el', $2, $3, $4)",
        reference,
        datetime.fromisoformat(at).replace(tzinfo=ATHENS),
        department,
        end,
    )
    for number in range(agreed):
        await pool.execute(
            "INSERT INTO consent (reference, person_key, terms_version, shown_hash, shown, choices,"
            " language, accepted_at) VALUES ($1, 'p', '1', $2, '', '{}', 'el', now())",
            reference,
            str(number),
        )


@pytest.fixture
async def autumn(pool: Pool, reference: str) -> AsyncIterator[None]:
    """Start some on days that no other test knows, one of which has 25 hours."""
    await start(pool, f"{reference}1", "2002-10-26T23:59:59")
    await start(pool, f"{reference}2", "2002-10-27T00:00:00", "401")
    await start(pool, f"{reference}3", "2002-10-27T23:30:00", "402", agreed=2)
    await start(pool, f"{reference}4", "2002-10-27T12:00:00", "402", agreed=1, end="active")
    await start(pool, f"{reference}5", "2002-10-27T12:00:00", "402", agreed=1, end="cancelled")
    yield
    await pool.execute("DELETE FROM activation WHERE reference LIKE $1", f"{reference}%")


@pytest.mark.usefixtures("autumn")
async def test_each_day_has_how_far_those_came_who_started_on_it(pool: Pool) -> None:
    days = await funnel.by_day(pool, SATURDAY, MONDAY, ATHENS, None)
    assert days == [Day(SATURDAY, 1, 0, 0, 0), Day(SUNDAY, 4, 4, 3, 1), Day(MONDAY, 0, 0, 0, 0)]


@pytest.mark.usefixtures("autumn")
@pytest.mark.parametrize(
    ("departments", "counts"),
    [({"401"}, (1, 1, 0, 0)), ({"402"}, (3, 3, 3, 1)), (set[str](), (0, 0, 0, 0))],
)
async def test_of_some_departments_only_those_are_counted(
    pool: Pool, departments: set[str], counts: tuple[int, int, int, int]
) -> None:
    days = await funnel.by_day(pool, SUNDAY, SUNDAY, ATHENS, departments)
    assert days == [Day(SUNDAY, *counts)]
