"""Erasing an activation: what is personal goes, the proof and the counts stay.

The username stays reserved, for nobody else may ever have it. What belongs to the person, as an
insurance number does, goes with the last activation of theirs, whatever key of theirs it stands
under. The audit is a chain and stays as it is.
"""

from dataclasses import dataclass

from postgres import Pool

_DELETED = (
    *("session", "sealed_password", "support_request", "case_note", "claim"),
    *("code", "tries", "attempt", "post", "key_used_again"),
)
_KEYS = (
    "WITH RECURSIVE own AS ("
    "SELECT person_key AS key FROM activation WHERE reference = $1 AND person_key IS NOT NULL"
    " UNION SELECT unnest(ARRAY[r.person_key, r.former_key])"
    " FROM rekeyed r JOIN own ON own.key IN (r.person_key, r.former_key))"
    " SELECT coalesce(array_agg(key), '{}') FROM own"
)
"""Every key of the person whose activation this is."""


@dataclass(frozen=True)
class Traces:
    """What leads to the workflows of an activation, beside its own."""

    department: str | None
    requests: tuple[str, ...]
    consents: tuple[int, ...]


async def traces(pool: Pool, reference: str) -> Traces | None:
    """Return what is known of this activation; None when nothing is."""
    row = await pool.fetchrow(
        "SELECT department,"
        " ARRAY(SELECT id FROM support_request WHERE reference = $1) AS requests,"
        " ARRAY(SELECT id FROM consent WHERE reference = $1) AS consents"
        " FROM activation WHERE reference = $1",
        reference,
    )
    if row is None:
        return None
    return Traces(row["department"], tuple(row["requests"]), tuple(row["consents"]))


async def erase(pool: Pool, reference: str) -> None:
    """Erase it at one stroke; once more changes nothing."""
    async with pool.acquire() as connection, connection.transaction():
        keys = await connection.fetchval(_KEYS, reference)
        # All of the person's, so that of two erasures at once one is the last.
        await connection.execute(
            "SELECT FROM activation WHERE reference = $1 OR person_key = ANY($2)"
            " ORDER BY reference FOR UPDATE",
            reference,
            keys,
        )
        for table in _DELETED:
            await connection.execute(
                f"DELETE FROM {table} WHERE reference = $1",  # noqa: S608 - a constant of ours
                reference,
            )
        await connection.execute(
            "UPDATE message SET contact_index = '', person_key = NULL WHERE reference = $1",
            reference,
        )
        await connection.execute("SELECT empty_consents($1)", reference)
        await connection.execute(
            "UPDATE activation SET mobile_index = NULL, email_index = NULL, person_key = NULL,"
            " student_number_index = NULL, username_index = NULL, username = NULL, found_by = '{}',"
            " name = NULL WHERE reference = $1",
            reference,
        )
        another = await connection.fetchval(
            "SELECT min(reference) FROM activation WHERE person_key = ANY($1)", keys
        )
        if another:
            # It may stand under a key that no activation has any more.
            await connection.execute(
                "UPDATE insurance SET reference = $2 WHERE reference = $1", reference, another
            )
            return
        await connection.execute(
            "DELETE FROM insurance i WHERE (i.person_key = ANY($2) OR i.reference = $1)"
            " AND NOT EXISTS (SELECT FROM activation a WHERE a.person_key = i.person_key)",
            reference,
            keys,
        )
        await connection.execute("DELETE FROM imported WHERE person_key = ANY($1)", keys)
        await connection.execute(
            "DELETE FROM told_apart WHERE person_keys && $1 OR other_keys && $1", keys
        )
        await connection.execute(
            "DELETE FROM rekeyed WHERE person_key = ANY($1) OR former_key = ANY($1)", keys
        )
