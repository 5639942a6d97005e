"""Detects a process whose keys differ from those of the others, by a one-way value of each key.

The first process that has a key records its value; each later one compares its own with it.
"""

from collections.abc import Mapping

import asyncpg

from postgres import NO_RESULT, Pool
from security.keyfiles import KeyUnavailable


async def other(pool: Pool, values: Mapping[str, str]) -> list[str]:
    """Record the values that are new; return the names of those that differ from the recorded ones.

    Returns no names while the ledger is unavailable or not migrated: other checks report that.
    """
    try:
        await pool.execute(
            "INSERT INTO key_check (name, value) SELECT * FROM unnest($1::text[], $2::text[])"
            " ON CONFLICT DO NOTHING",
            [*values.keys()],
            [*values.values()],
        )
        rows = await pool.fetch(
            "SELECT name, value FROM key_check WHERE name = ANY($1)", [*values.keys()]
        )
    except NO_RESULT:
        return []
    return sorted(row["name"] for row in rows if row["value"] != values[row["name"]])


async def known(pool: Pool) -> frozenset[str] | None:
    """Return the names of the keys that any process has; None while the ledger is unavailable."""
    try:
        return frozenset(row["name"] for row in await pool.fetch("SELECT name FROM key_check"))
    except asyncpg.UndefinedTableError:
        return frozenset()
    except NO_RESULT:
        return None


async def compare(pool: Pool, values: Mapping[str, str]) -> None:
    """Raise `KeyUnavailable` when a key differs; pass while the ledger is unavailable."""
    if names := await other(pool, values):
        raise KeyUnavailable(
            f"not the same key as the other processes have: {', '.join(names)}; copy it here from"
            " the machine on which keys are made (operations.md, Keys)"
        )
