"""Claims: at any moment at most one live activation holds a person."""

from collections.abc import Mapping, Sequence

from domain.contracts.people import Person
from postgres import Pool
from security.keys import KeyRing

_CLAIM = """
WITH mine AS (
    INSERT INTO claim (key, reference)
    SELECT key, $2 FROM unnest($1::text[]) key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET key = claim.key
    RETURNING reference
) SELECT DISTINCT reference FROM mine
"""


def keys_of(keys: KeyRing, person: Person, own_keys: Mapping[str, str]) -> list[str]:
    """Return the claim keys of a person: one per enrolment, and one for the insurance number.

    A row's key in `own_keys` replaces its number's index, as somebody else who had the number
    before may have a live activation too.
    """
    rows = [
        f"{each.system_id}/{each.registration_id}" for each in (*person.enrolments, *person.former)
    ]
    held = [
        own_keys.get(keys.index("person", row)) or keys.index("registration", row) for row in rows
    ]
    if person.insurance_number:
        number = f"{person.insurance_scheme}:{person.insurance_number}"
        held.append(keys.index("insurance", number))
    return held


async def claim(pool: Pool, *, reference: str, keys: Sequence[str]) -> set[str]:
    """Try to hold all keys, or else none; return the references that hold any of them."""
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            rows = await connection.fetch(_CLAIM, list(keys), reference)
        except BaseException:
            await transaction.rollback()
            raise
        holders = {str(row["reference"]) for row in rows}
        if holders == {reference}:
            await transaction.commit()
        else:
            await transaction.rollback()
        return holders


async def release(pool: Pool, reference: str) -> None:
    await pool.execute("DELETE FROM claim WHERE reference = $1", reference)
