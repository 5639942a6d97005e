"""Leases of starts under way: how many activations may wait for their look-up at once."""

from datetime import timedelta

from postgres import Pool


async def admit(pool: Pool, reference: str, *, most: int, lease: timedelta) -> bool:
    """Take a place for this start unless `most` others hold one; once more keeps the same place."""
    admitted: bool = await pool.fetchval(
        "SELECT admit_start($1, $2, $3::interval)", reference, most, lease
    )
    return admitted


async def release(pool: Pool, reference: str) -> None:
    """Give the place back: the look-up is answered."""
    await pool.execute("DELETE FROM start_under_way WHERE reference = $1", reference)
