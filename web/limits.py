"""Rate limits counted in the ledger over all processes, and the address blocks they count by."""

import math
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from ledger import budgets
from postgres import Pool


class RateLimited(Exception):
    """A rate limit is exceeded. `opens`: when requests are allowed again; None: never by itself."""

    def __init__(self, opens: datetime | None) -> None:
        super().__init__("too many")
        self.opens = opens


async def take(pool: Pool, bucket: str, *, limit: int, window: timedelta) -> None:
    """Count one request in the bucket; raises `RateLimited` beyond the limit."""
    opens = await budgets.take(pool, bucket, limit=limit, window=window)
    if opens:
        raise RateLimited(opens)


def retry_after(opens: datetime, now: datetime) -> dict[str, str]:
    """Return the Retry-After header, in seconds."""
    return {"Retry-After": str(math.ceil((opens - now).total_seconds()))}


def network(host: str) -> str:
    """Return the network of one household: the IPv4 address, or the /64 of an IPv6 address."""
    return _network(host, None)


def block(host: str) -> str:
    """Return the block in which one person easily gets several addresses: the /24, or the /64."""
    return _network(host, 24)


def _network(host: str, prefix: int | None) -> str:
    try:
        version = ip_address(host).version
    except ValueError:
        return host
    if version == 6:  # noqa: PLR2004 - the two versions of IP
        prefix = 64
    return str(ip_network(f"{host}/{prefix}", strict=False)) if prefix else host
