"""The ledger's clock: the one that all machines share, however wrong their own are."""

from datetime import datetime

from postgres import Connection


async def now(ledger: Connection) -> datetime:
    """Return the time of the ledger's server."""
    told: datetime = await ledger.fetchval("SELECT now()")
    return told
