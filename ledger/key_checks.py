"""Notices a process whose keys are not those of the others, by a one-way value of each key.

The first process that has a key notes its value; each one after compares its own with it.
"""

from collections.abc import Mapping

import asyncpg

from postgres import NO_RESULT, Pool
from security.keyfiles import KeyUnavailable


class OtherKeys(KeyUnavailable):
    """A key file is not the one that the others have."""


async def other(pool: Pool, values: Mapping[str, str]) -> list[str]:
    """Note the values that are new; return the names of those that differ from what was noted.

    Nothing differs as long as the ledger is away or was not migrated: that is told elsewhere.
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
    """Return the names of the keys that exist somewhere; None where the ledger cannot tell."""
    try:
        return frozenset(row["name"] for row in await pool.fetch("SELECT name FROM key_check"))
    except asyncpg.UndefinedTableError:
        return frozenset()
    except NO_RESULT:
        return None


async def compare(pool: Pool, values: Mapping[str, str]) -> None:
    """Raise `OtherKeys` in words when a key differs; a ledger that is away refuses nobody."""
    if names := await other(pool, values):
        raise OtherKeys(
            f"not the same key as the other processes have: {', '.join(names)}; copy it here from"
            " the machine on which keys are made (operations.md, Keys)"
        )
