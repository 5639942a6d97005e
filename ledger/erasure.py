"""Erasing an activation: what is personal goes, the proof and the counts stay.

The username stays reserved, for nobody else may ever have it. An insurance number belongs to the
person: it goes with the last activation of theirs. The audit is a chain and stays as it is.
"""

from dataclasses import dataclass

from ledger.pool import Pool

_DELETED = (
    *("session", "sealed_password", "support_request", "case_note", "claim"),
    *("code", "tries", "attempt", "post"),
)


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
        person = await connection.fetchval(
            "SELECT person_key FROM activation WHERE reference = $1 FOR UPDATE", reference
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
        await connection.execute(
            "DELETE FROM insurance WHERE person_key = $1"
            " AND NOT EXISTS (SELECT FROM activation WHERE person_key = $1)",
            person,
        )
        await connection.execute(
            "DELETE FROM rekeyed r WHERE $1 IN (r.person_key, r.former_key) AND NOT EXISTS"
            " (SELECT FROM activation WHERE person_key IN (r.person_key, r.former_key))",
            person,
        )
