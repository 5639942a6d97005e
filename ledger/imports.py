"""Accounts that others made and an import found: whose each is, and what recognises the person."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from postgres import Pool


class Owned(NamedTuple):
    """An account's name, the keys of the person whose it is, and what the person is found by.

    `by_code`: its entry has the person's code.
    """

    name: str
    person_keys: Sequence[str]
    found_by: Sequence[str]
    by_code: bool = False


async def reserve_all(pool: Pool, owned: Sequence[Owned]) -> tuple[int, dict[str, str]]:
    """Reserve each name unless somebody has it, and note whose account it is.

    Returns how many are reserved by this, and who has each name now.
    """
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
            "INSERT INTO imported AS i (name, person_key, found_by, by_code)"
            " VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (name) DO UPDATE SET person_key = $2, found_by = $3, by_code = $4"
            " WHERE (i.person_key, i.found_by, i.by_code) IS DISTINCT FROM ($2, $3, $4)",
            [
                (each.name, owners[each.name], list(each.found_by), each.by_code)
                for each in sorted(owned)
                if owners[each.name] in each.person_keys
            ],
        )
    return len(fresh), owners


async def accounts(pool: Pool, person_keys: Collection[str]) -> dict[str, bool]:
    """Return the accounts that an import found to be this person's, and whether by their code."""
    rows = await pool.fetch(
        "SELECT name, by_code FROM imported WHERE person_key = ANY($1)", list(person_keys)
    )
    return {row["name"]: row["by_code"] for row in rows}
