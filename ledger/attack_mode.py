"""Attack mode: on while many wrong codes or unknown contacts are typed, by the ledger's clock."""

from datetime import datetime, timedelta

import structlog

from postgres import Connection
from settings.limits import LimitSettings

log = structlog.get_logger(__name__)


async def since(ledger: Connection, limits: LimitSettings) -> datetime | None:
    """Return since when it is on; None while it is off. Whoever asks begins it when it is due."""
    row = await ledger.fetchrow(
        "SELECT since, begins FROM attack_mode($1, $2, $3, $4, $5)",
        limits.attack_wrong_codes,
        limits.attack_wrong_percent / 100,
        limits.attack_misses_per_minute,
        limits.attack_miss_percent / 100,
        timedelta(minutes=limits.attack_quiet_minutes),
    )
    assert row is not None  # noqa: S101 - the function returns one row
    if row["begins"]:
        log.warning("attack mode begins", outcome="blocked")
    began: datetime | None = row["since"]
    return began


async def known(ledger: Connection) -> datetime | None:
    """Return since when it is on, as portals have found it; None while it is off."""
    began: datetime | None = await ledger.fetchval(
        "SELECT window_start FROM budget WHERE bucket = 'attack_mode' AND ends_at > now()"
    )
    return began
