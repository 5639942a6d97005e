"""How often something may be asked, counted in the ledger over all processes."""

from datetime import timedelta
from ipaddress import ip_address, ip_network

from fastapi.responses import Response

from ledger import budgets
from starter.portal.visit import Visit


async def refusal(visit: Visit, bucket: str, *, limit: int, minutes: int) -> Response | None:
    """Count this in its bucket; past the limit, return the page that says until when."""
    pool = visit.parts.pool
    opens = await budgets.take(pool, bucket, limit=limit, window=timedelta(minutes=minutes))
    if opens is None:
        return None
    headers = {"Retry-After": str(minutes * 60)}
    return visit.error(429, headers, not_before=visit.clock(opens))


def by_address(visit: Visit, purpose: str) -> str:
    """Return the bucket that one household shares: the address, or the /64 of an IPv6 one."""
    client = visit.request.client
    return f"{purpose}:{visit.parts.keys.index('address', _network(client.host if client else ''))}"


def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ip_network(f"{host}/64", strict=False))  # noqa: PLR2004 - the two versions of IP
