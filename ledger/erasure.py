"""Erases an activation: personal data is deleted, proofs and counts are kept.

The username stays reserved, because nobody else may ever get it, with the person's last activation
as a keyed index. Other data of the person, such as the insurance number, is deleted then, under
whichever of their keys it is stored.
The audit is a chain of hashes and stays unchanged.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.contracts.vocabulary import Step
from ledger import objections, rekeyed, usernames
from postgres import Connection, Pool, exists
from security.keys import KeyRing

_DELETED = (
    *("session", "sealed_password", "support_request", "case_note", "claim"),
    *("code", "tries", "attempt", "post", "key_used_again", "password_try", "finding"),
    "assignment",
)
_KEYS = """
WITH RECURSIVE stored AS NOT MATERIALIZED (
    SELECT person_key, found_by FROM activation WHERE person_key IS NOT NULL
    UNION ALL SELECT person_key, found_by FROM imported
), own AS (
    (SELECT person_key AS key FROM activation WHERE reference = $1 AND person_key IS NOT NULL
    UNION SELECT unnest($2::text[]))
    UNION SELECT more.key FROM own CROSS JOIN LATERAL (
        SELECT unnest(ARRAY[r.person_key, r.former_key]) AS key FROM rekeyed r
        WHERE own.key IN (r.person_key, r.former_key)
        UNION ALL SELECT person_key FROM stored WHERE found_by @> ARRAY['key:' || own.key]
        UNION ALL SELECT substr(mark, 5) FROM stored, unnest(found_by) mark
        WHERE person_key = own.key AND starts_with(mark, 'key:')
    ) more
)
SELECT coalesce(array_agg(key), '{}') FROM own
"""
"""Every key of the person whose activation this is, or who has one of these keys."""


@dataclass(frozen=True)
class Traces:
    """The ids of an activation's other workflows, and its department."""

    department: str | None
    requests: tuple[str, ...]
    consents: tuple[int, ...]


async def traces(pool: Pool, reference: str) -> Traces | None:
    """Return the traces of this activation; None if the ledger does not have it."""
    row = await pool.fetchrow(
        "SELECT department,"
        " ARRAY(SELECT id FROM support_request WHERE reference = $1) AS requests,"
        " ARRAY(SELECT id FROM consent WHERE reference = $1) AS consents"
        " FROM activation WHERE reference = $1",
        reference,
    )
    return Traces(row[0], tuple(row[1]), tuple(row[2])) if row else None


async def erase(pool: Pool, ring: KeyRing, reference: str) -> None:
    """Erase an activation in one transaction (idempotent)."""
    async with pool.acquire() as connection, connection.transaction():
        await erase_within(connection, ring, reference)


async def erase_within(connection: Connection, ring: KeyRing, reference: str) -> None:
    """Erase an activation; the caller has a transaction."""
    keys = await connection.fetchval(_KEYS, reference, [])
    # Locks all of the person's, so that one of two concurrent erasures is the last.
    await connection.execute(
        "SELECT FROM activation WHERE reference = $1 OR person_key = ANY($2)"
        " ORDER BY reference FOR UPDATE",
        reference,
        keys,
    )
    facts = await connection.fetchrow(
        "SELECT found_by, username IS NOT NULL AND end_step IS DISTINCT FROM $2 AS made"
        " FROM activation WHERE reference = $1",
        reference,
        Step.ALREADY_ACTIVE,
    )
    if facts:
        marks = rekeyed.owner_marks(ring, facts["found_by"])
        await usernames.note_owner(connection, keys, marks, made=facts["made"])
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
        "DELETE FROM miss WHERE contact_index IN (SELECT"
        " unnest(found_by || ARRAY[mobile_index, email_index])"
        " FROM activation WHERE reference = $1)",
        reference,
    )
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
        # Its person key may be one that no activation has any more.
        await connection.execute(
            "UPDATE insurance SET reference = $2 WHERE reference = $1", reference, another
        )
        return
    await connection.execute(
        "DELETE FROM insurance i WHERE i.reference = $1"
        " AND NOT EXISTS (SELECT FROM activation a WHERE a.person_key = i.person_key)",
        reference,
    )
    await _forget(connection, ring, keys)


async def keys_of(pool: Pool, reference: str | None, some: Collection[str]) -> list[str]:
    """Return every key of the person with this activation, or with some of these keys."""
    keys: list[str] = await pool.fetchval(_KEYS, reference, list(some))
    return keys


async def forget(pool: Pool, ring: KeyRing, keys: Sequence[str]) -> None:
    """Delete what belongs to a person who has no activation (any more)."""
    async with pool.acquire() as connection, connection.transaction():
        await forget_within(connection, ring, keys)


async def forget_within(
    connection: Connection,
    ring: KeyRing,
    keys: Sequence[str],
    *,
    objected_until: datetime | None = None,
) -> None:
    """Delete the same, but objections of this time or before; the caller has a transaction."""
    if not await exists(connection, "activation WHERE person_key = ANY($1)", keys):
        await _forget(connection, ring, keys)
        await objections.take_back(connection, keys, until=objected_until)


async def forget_requests(ledger: Connection, requests: Collection[str]) -> None:
    await ledger.execute("DELETE FROM case_note WHERE request = ANY($1)", requests)
    await ledger.execute("DELETE FROM support_request WHERE id = ANY($1)", requests)


async def _forget(connection: Connection, ring: KeyRing, keys: Sequence[str]) -> None:
    await usernames.conceal(connection, ring, keys)
    await connection.execute("DELETE FROM insurance WHERE person_key = ANY($1)", keys)
    await connection.execute("DELETE FROM imported WHERE person_key = ANY($1)", keys)
    await connection.execute("DELETE FROM invitation WHERE person_key = ANY($1)", keys)
    await connection.execute(
        "DELETE FROM told_apart WHERE person_keys && $1 OR other_keys && $1", keys
    )
    await connection.execute(
        "DELETE FROM rekeyed WHERE person_key = ANY($1) OR former_key = ANY($1)", keys
    )
