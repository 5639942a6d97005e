"""What the ledger knows, page by page, for the comparison with directory and Temporal.

Pages go on from the last reference. What has changed in the last minutes is left out, and is for
the next look.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.findings import FindingKind
from postgres import Pool
from security.keys import KeyRing

QUIET = timedelta(minutes=15)
"""How long nothing may have changed before it is compared."""
RECENT = timedelta(days=60)
"""Of older accounts the directory's administrators decide: they may have deleted them."""
_ACCOUNTS = """
SELECT reference, username,
    EXISTS (SELECT FROM consent c WHERE c.reference = a.reference) AS consented,
    EXISTS (SELECT FROM consent c WHERE c.reference = a.reference
        AND c.withdrawal IS NOT NULL AND c.recorded_at < now() - $3::interval) AS withdrawn,
    EXISTS (SELECT FROM finding f WHERE f.reference = a.reference
        AND f.kind = $5 AND f.last_seen >= $6) AS renamed
FROM activation a
WHERE reference > $1 AND end_step = 'active' AND person_key IS NOT NULL
    AND ended_at < now() - $3::interval
    AND (ended_at > now() - $4::interval
        OR EXISTS (SELECT FROM finding f WHERE f.reference = a.reference AND f.gone_at IS NULL)
        OR EXISTS (SELECT FROM consent c WHERE c.reference = a.reference
            AND c.withdrawal IS NOT NULL AND c.recorded_at > now() - $4::interval))
ORDER BY reference LIMIT $2
"""
_LIVE = (
    "SELECT reference FROM activation WHERE ended_at IS NULL AND reference > $1"
    " AND started_at < now() - $3::interval ORDER BY reference LIMIT $2"
)
_ENDED = (
    "SELECT FROM activation a WHERE a.reference = t.reference AND a.ended_at < now() - $1::interval"
)
_LEFT = ("claim", "sealed_password", "password_try")
_LEFT_BEHIND = " UNION ".join(
    f"SELECT reference FROM {table} t WHERE EXISTS ({_ENDED})"  # noqa: S608 - constants of this module
    for table in _LEFT
)


class AccountRow(NamedTuple):
    """An account that the engine made; the username is None if the sweep closed the activation.

    `withdrawn`: a choice or the consent was withdrawn. `renamed`: this look has seen the entry
    under another name.
    """

    reference: str
    username: str | None
    consented: bool
    withdrawn: bool
    renamed: bool


async def accounts(
    pool: Pool, keys: KeyRing, position: str, began: datetime, limit: int
) -> list[AccountRow]:
    """Return the next accounts that were made or withdrawn in the last weeks, or have a finding."""
    rows = await pool.fetch(
        _ACCOUNTS, position, limit, QUIET, RECENT, FindingKind.ENTRY_RENAMED, began
    )
    return [
        AccountRow(
            row["reference"],
            keys.decrypt("username", row["reference"], row["username"])
            if row["username"]
            else None,
            *row[2:],
        )
        for row in rows
    ]


async def live(pool: Pool, position: str, limit: int) -> list[str]:
    rows = await pool.fetch(_LIVE, position, limit, QUIET)
    return [row["reference"] for row in rows]


async def left_behind(pool: Pool) -> list[str]:
    """Return ended activations that still have a claim or a sealed password."""
    rows = await pool.fetch(f"{_LEFT_BEHIND} LIMIT 1000", QUIET)
    return [row["reference"] for row in rows]


async def delete_left_behind(pool: Pool, references: Sequence[str]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for table in _LEFT:
            await connection.execute(
                f"DELETE FROM {table} t WHERE reference = ANY($2) AND EXISTS ({_ENDED})",  # noqa: S608 - constants of this module
                QUIET,
                references,
            )
