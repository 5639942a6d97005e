"""Claims: at any moment at most one live activation holds a person."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.contracts.people import Person
from ledger.activations import WITH_ACCOUNT
from postgres import Pool
from security.keys import KeyRing


class ClaimHeld(NamedTuple):
    """`holders` hold a key of the person each; `has_account`: one has ended with an account."""

    holders: set[str]
    has_account: bool


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


async def claim(
    pool: Pool, *, reference: str, keys: Sequence[str], person_keys: Sequence[str] = ()
) -> ClaimHeld:
    """Try to hold all keys, or else none; return the references that hold any of them.

    Returns also whether an activation of the person ended with an account, read after the claim.
    """
    row = await pool.fetchrow(
        "SELECT holders, has_account FROM claim_person($1, $2, $3, $4)",
        reference,
        keys,
        person_keys,
        WITH_ACCOUNT,
    )
    assert row is not None  # noqa: S101 - the function has one row
    return ClaimHeld(set(row["holders"]), row["has_account"])


async def release(pool: Pool, reference: str) -> None:
    await pool.execute("DELETE FROM claim WHERE reference = $1", reference)
