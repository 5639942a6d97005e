"""Suggested passwords: what one view of one page offered, stored encrypted for 15 minutes.

A page has a secret name, known only to the browser it was shown to; its keyed index (HMAC) is
stored.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

from postgres import Pool
from security.keys import KeyRing

TTL = timedelta(minutes=15)


async def offer(
    pool: Pool, keys: KeyRing, *, page: str, suggestions: Sequence[str], ttl: timedelta = TTL
) -> None:
    """Store what this page offers, and delete expired offers."""
    key = keys.index("suggestion", page)
    await pool.execute(
        "WITH cleared AS (DELETE FROM suggestion WHERE expires_at < now() AND page_index <> $1)"
        " INSERT INTO suggestion (page_index, offered, expires_at)"
        " VALUES ($1, $2, now() + $3::interval)",
        key,
        keys.encrypt("suggestion", key, json.dumps(list(suggestions))),
        ttl,
    )


async def offered(pool: Pool, keys: KeyRing, *, page: str) -> tuple[str, ...]:
    """Return what this page offered; empty when there is no offer, or it has expired."""
    key = keys.index("suggestion", page)
    box = await pool.fetchval(
        "SELECT offered FROM suggestion WHERE page_index = $1 AND expires_at > now()", key
    )
    return tuple(json.loads(keys.decrypt("suggestion", key, box))) if box else ()


async def forget(pool: Pool, keys: KeyRing, *, page: str) -> None:
    await pool.execute(
        "DELETE FROM suggestion WHERE page_index = $1", keys.index("suggestion", page)
    )
