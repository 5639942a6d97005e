"""How often something may be asked, counted in the ledger over all processes."""

import math
from datetime import timedelta

from fastapi.responses import Response

from ledger import budgets
from starter.portal.visit import Visit
from starter.web.limits import network


async def refusal(visit: Visit, bucket: str, *, limit: int, minutes: int) -> Response | None:
    """Count this in its bucket; past the limit, return the page that says until when."""
    pool = visit.parts.pool
    opens = await budgets.take(pool, bucket, limit=limit, window=timedelta(minutes=minutes))
    if opens is None:
        return None
    wait = opens - await visit.now()
    headers = {"Retry-After": str(math.ceil(wait.total_seconds()))}
    return await visit.error(429, headers, not_before=visit.clock(opens), form=await visit.form())


def by_address(visit: Visit, purpose: str) -> str:
    """Return the bucket that one household shares: the address, or the /64 of an IPv6 one."""
    client = visit.request.client
    return f"{purpose}:{visit.parts.keys.index('address', network(client.host if client else ''))}"
