"""Which report was sent for which day, so that it goes once a day however often it is begun."""

from datetime import date
from zoneinfo import ZoneInfo

from ledger import clock
from postgres import Pool

STUCK = "stuck"


async def due(pool: Pool, report: str, zone: ZoneInfo) -> date | None:
    """Return today at the institution by the ledger's clock; None if today's report was sent."""
    async with pool.acquire() as ledger:
        today = (await clock.now(ledger)).astimezone(zone).date()
        last = await ledger.fetchval("SELECT day FROM report_sent WHERE report = $1", report)
    return None if last == today else today


async def sent(pool: Pool, report: str, day: date) -> None:
    await pool.execute(
        "INSERT INTO report_sent (report, day) VALUES ($1, $2)"
        " ON CONFLICT (report) DO UPDATE SET day = EXCLUDED.day",
        report,
        day,
    )
