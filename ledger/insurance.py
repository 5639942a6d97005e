"""Insurance numbers: encrypted, found by a keyed index (HMAC), each belonging to one person."""

from dataclasses import dataclass, field

from domain.contracts.account_io import RecordInsurance
from postgres import Connection, Pool, exists
from security.keys import KeyRing

_TYPED_IN = (
    "(reference = $1 OR person_key = (SELECT person_key FROM activation WHERE reference = $1))"
)


@dataclass(frozen=True)
class Flagged:
    """A number to be checked by staff; never shown in full, and left out of the repr."""

    reference: str
    department: str
    scheme: str
    number: str = field(repr=False)
    warnings: tuple[str, ...]


async def is_others(ledger: Connection, keys: KeyRing, request: RecordInsurance) -> bool:
    """Return whether the number is stored for another person."""
    owner = await ledger.fetchval(
        "SELECT person_key FROM insurance WHERE number_index = $1", _index(keys, request)
    )
    return owner not in (None, request.person_key, *request.other_keys)


async def release(ledger: Connection, keys: KeyRing, request: RecordInsurance) -> None:
    """Delete the number of this person, so that whoever has it can give it."""
    await ledger.execute(
        "DELETE FROM insurance WHERE number_index = $1 AND person_key = ANY($2)",
        _index(keys, request),
        (request.person_key, *request.other_keys),
    )


async def is_stored(ledger: Connection, reference: str) -> bool:
    """Return whether a number is stored that this activation's person has typed."""
    return await exists(ledger, f"insurance WHERE {_TYPED_IN}", reference)


async def release_of(ledger: Connection, reference: str) -> int:
    """Delete what this activation's person has typed; return how many numbers that were."""
    deleted = await ledger.fetch(
        f"DELETE FROM insurance WHERE {_TYPED_IN} RETURNING number_index",  # noqa: S608 - a constant
        reference,
    )
    return len(deleted)


def _index(keys: KeyRing, request: RecordInsurance) -> str:
    return keys.index("insurance", f"{request.scheme}:{request.number}")


async def record(ledger: Connection, keys: KeyRing, request: RecordInsurance) -> bool:
    """Store the number for this person (idempotent); return False when it is another's."""
    owner = await ledger.fetchval(
        "INSERT INTO insurance AS i"
        " (number_index, person_key, scheme, number, warnings, reference)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (number_index) DO UPDATE SET number_index = i.number_index"
        " RETURNING person_key",
        _index(keys, request),
        request.person_key,
        request.scheme,
        keys.encrypt("insurance", request.person_key, request.number),
        list(request.warnings),
        request.reference,
    )
    return owner in (request.person_key, *request.other_keys)


async def flagged(pool: Pool, keys: KeyRing) -> list[Flagged]:
    """Return the numbers that were taken with a warning, oldest first, for the secretariat."""
    rows = await pool.fetch(
        "SELECT i.reference, i.person_key, i.scheme, i.number, i.warnings, a.department"
        " FROM insurance i LEFT JOIN activation a USING (reference)"
        " WHERE i.warnings <> '{}' AND i.number <> '' ORDER BY i.recorded_at, i.reference"
    )
    return [
        Flagged(
            reference=row["reference"],
            department=row["department"] or "",
            scheme=row["scheme"],
            number=keys.decrypt("insurance", row["person_key"], row["number"]),
            warnings=tuple(row["warnings"]),
        )
        for row in rows
    ]
