"""Accounts made by others that an import found: who owns each, and what the owner is found by."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ledger import rekeyed, usernames
from postgres import Pool
from security.keys import KeyRing

_RETURNED = (
    "DELETE FROM username k USING unnest($1::text[], $2::text[]) n (name, kept), username u"
    " WHERE k.name = n.kept AND u.name = n.name AND u.person_key = k.person_key"
)
_KEPT_FOR_OTHERS = (
    "DELETE FROM username u USING unnest($1::text[], $2::text[]) n (name, kept), username k"
    " WHERE u.name = n.name AND k.name = n.kept RETURNING 1"
)


class Owned(NamedTuple):
    """An account, its owner's keys and indexes; `by_code`: the entry has the owner's code."""

    name: str
    person_keys: Sequence[str]
    found_by: Sequence[str]
    by_code: bool = False


async def reserve_all(
    pool: Pool, keys: KeyRing, owned: Sequence[Owned]
) -> tuple[int, dict[str, str]]:
    """Reserve free names, record owners; return how many are new, and each name's person key."""
    names = [each.name for each in owned]
    kept = [usernames.kept(keys, name) for name in names]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE username u SET name = n.name"
            " FROM unnest($1::text[], $2::text[], $3::text[]) n (name, key, kept)"
            " WHERE u.name = n.kept AND u.person_key = n.key"
            " AND NOT EXISTS (SELECT FROM username o WHERE o.name = n.name)",
            names,
            [each.person_keys[0] for each in owned],
            kept,
        )
        inserted = await connection.fetch(
            "INSERT INTO username (name, person_key)"
            " SELECT name, key FROM unnest($1::text[], $2::text[], $3::text[]) n (name, key, kept)"
            " WHERE NOT EXISTS (SELECT FROM username u"
            " WHERE u.name = kept AND u.person_key <> key) ORDER BY 1"
            " ON CONFLICT (name) DO NOTHING RETURNING name",
            names,
            [each.person_keys[0] for each in owned],
            kept,
        )
        # A name may have been concealed while the insertion waited for it: each has one form.
        fresh = [row["name"] for row in inserted]
        ours = [usernames.kept(keys, name) for name in fresh]
        await connection.execute(_RETURNED, fresh, ours)
        taken = await connection.fetch(_KEPT_FOR_OTHERS, fresh, ours)
        rows = await connection.fetch(
            "SELECT n.name, u.person_key FROM unnest($1::text[], $2::text[]) n (name, kept)"
            " JOIN username u ON u.name IN (n.name, n.kept)",
            names,
            kept,
        )
        owners = {row["name"]: row["person_key"] for row in rows}
        their_own = [each for each in sorted(owned) if owners[each.name] in each.person_keys]
        await connection.executemany(
            "INSERT INTO imported (name, person_key, found_by, by_code)"
            " VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (name) DO UPDATE SET person_key = $2, found_by = $3, by_code = $4,"
            " noted_at = now()",
            [
                (each.name, owners[each.name], list(each.found_by), each.by_code)
                for each in their_own
            ],
        )
        await connection.executemany(
            "UPDATE username SET owner_marks = $2 WHERE name = $1 AND owner_marks = '{}'",
            [(each.name, rekeyed.owner_marks(keys, each.found_by)) for each in their_own],
        )
    return len(fresh) - len(taken), owners


async def accounts(pool: Pool, person_keys: Collection[str]) -> dict[str, bool]:
    """Return this person's imported accounts by name, each with its `by_code`."""
    rows = await pool.fetch(
        "SELECT name, by_code FROM imported WHERE person_key = ANY($1)", list(person_keys)
    )
    return {row["name"]: row["by_code"] for row in rows}
