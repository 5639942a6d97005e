"""Insurance numbers: encrypted, found again by a keyed index, each belonging to one person."""

from domain.contracts import RecordInsurance
from ledger.pool import Pool
from security.keys import KeyRing


async def record(pool: Pool, keys: KeyRing, request: RecordInsurance) -> bool:
    """Keep the number for this person; False when it already belongs to another."""
    owner = await pool.fetchval(
        "INSERT INTO insurance AS i"
        " (number_index, person_key, scheme, number, warnings, reference)"
        " VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (number_index) DO UPDATE SET number_index = i.number_index"
        " RETURNING person_key",
        keys.index("insurance", f"{request.scheme}:{request.number}"),
        request.person_key,
        request.scheme,
        keys.encrypt("insurance", request.person_key, request.number),
        list(request.warnings),
        request.reference,
    )
    return bool(owner == request.person_key)
