"""Accounts made by others that an import found: who owns each, and what the owner is found by."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from postgres import Pool


class Owned(NamedTuple):
    """An account, its owner's keys and indexes; `by_code`: the entry has the owner's code."""

    name: str
    person_keys: Sequence[str]
    found_by: Sequence[str]
    by_code: bool = False


async def reserve_all(pool: Pool, owned: Sequence[Owned]) -> tuple[int, dict[str, str]]:
    """Reserve free names, record owners; return how many are new, and each name's person key."""
    names = [each.name for each in owned]
    async with pool.acquire() as connection, connection.transaction():
        fresh = await connection.fetch(
            "INSERT INTO username (name, person_key)"
            " SELECT * FROM unnest($1::text[], $2::text[]) ORDER BY 1"
            " ON CONFLICT (name) DO NOTHING RETURNING name",
            names,
            [each.person_keys[0] for each in owned],
        )
        rows = await connection.fetch(
            "SELECT name, person_key FROM username WHERE name = ANY($1)", names
        )
        owners = {row["name"]: row["person_key"] for row in rows}
        await connection.executemany(
            "INSERT INTO imported (name, person_key, found_by, by_code)"
            " VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (name) DO UPDATE SET person_key = $2, found_by = $3, by_code = $4,"
            " noted_at = now()",
            [
                (each.name, owners[each.name], list(each.found_by), each.by_code)
                for each in sorted(owned)
                if owners[each.name] in each.person_keys
            ],
        )
    return len(fresh), owners


async def accounts(pool: Pool, person_keys: Collection[str]) -> dict[str, bool]:
    """Return this person's imported accounts by name, each with its `by_code`."""
    rows = await pool.fetch(
        "SELECT name, by_code FROM imported WHERE person_key = ANY($1)", list(person_keys)
    )
    return {row["name"]: row["by_code"] for row in rows}
