"""Leases of starts under way: limit how many activations wait for their look-up at once."""

from datetime import timedelta

from postgres import Pool


async def admit(pool: Pool, reference: str, *, most: int, lease: timedelta) -> bool:
    """Take a lease for this start unless `most` others hold one; idempotent by reference."""
    admitted: bool = await pool.fetchval(
        "SELECT admit_start($1, $2, $3::interval)", reference, most, lease
    )
    return admitted


async def release(pool: Pool, reference: str) -> None:
    """Release the lease: the look-up is answered."""
    await pool.execute("DELETE FROM start_under_way WHERE reference = $1", reference)
