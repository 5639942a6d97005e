"""Rate limits, counted in the ledger over all processes; what of an address they count as one."""

import math
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from ledger import budgets
from postgres import Pool


class RateLimited(Exception):
    """More was sent than is taken in. `opens`: when the next may be; None: not by itself."""

    def __init__(self, opens: datetime | None) -> None:
        super().__init__("too many")
        self.opens = opens


async def take(pool: Pool, bucket: str, *, limit: int, window: timedelta) -> None:
    """Count this in its bucket; raises `RateLimited` past the limit."""
    opens = await budgets.take(pool, bucket, limit=limit, window=window)
    if opens:
        raise RateLimited(opens)


def retry_after(opens: datetime, now: datetime) -> dict[str, str]:
    """Return the header that tells a client when to come again."""
    return {"Retry-After": str(math.ceil((opens - now).total_seconds()))}


def network(host: str) -> str:
    """Return what one household shares: the address, or the /64 of an IPv6 one."""
    return _network(host, None)


def block(host: str) -> str:
    """Return in what whoever has an address may easily have others: its /24, or its /64."""
    return _network(host, 24)


def _network(host: str, prefix: int | None) -> str:
    try:
        version = ip_address(host).version
    except ValueError:
        return host
    if version == 6:  # noqa: PLR2004 - the two versions of IP
        prefix = 64
    return str(ip_network(f"{host}/{prefix}", strict=False)) if prefix else host
