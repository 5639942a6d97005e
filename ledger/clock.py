"""Reads the ledger's clock, which all machines share, however wrong their own are."""

from datetime import datetime

from postgres import Connection


async def now(ledger: Connection) -> datetime:
    current: datetime = await ledger.fetchval("SELECT now()")
    return current
