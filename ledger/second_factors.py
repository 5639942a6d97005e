"""Second factors of staff, and the sign-ins that still wait for one.

A time step and a recovery code count once: the statement that takes one is the proof. A sign-in
under way counts with its seal alone, like a session (`ledger.staff_sessions`).
"""

from dataclasses import dataclass
from datetime import timedelta

from ledger import clock, row_seals, staff_sessions
from ledger.sessions import token_hash
from ledger.staff_sessions import SignedIn
from postgres import Pool
from security.keys import KeyRing

UNDER_WAY = timedelta(minutes=10)
"""How long a sign-in waits for the second factor after the password."""


@dataclass(frozen=True)
class SignInUnderWay:
    """Who has given the right password; `secret` is the encrypted one of an authenticator to be."""

    who: SignedIn
    onward: str
    secret: bytes | None


async def begin(pool: Pool, keys: KeyRing, token: str, sign_in: SignInUnderWay) -> None:
    """Insert a sign-in under way, and delete those that have ended."""
    await pool.execute(
        "DELETE FROM sign_in_under_way WHERE created_at < now() - $1::interval", UNDER_WAY
    )
    who = sign_in.who
    fields = (
        *(token_hash(token), who.name, who.roles, who.departments),
        *(sign_in.secret, sign_in.onward, await clock.now(pool)),
    )
    await pool.execute(
        "INSERT INTO sign_in_under_way"
        " (token_hash, name, roles, departments, secret, onward, created_at, seal)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        *fields,
        row_seals.seal(keys, "sign_in_under_way", *fields),
    )


async def under_way(pool: Pool, keys: KeyRing, token: str) -> SignInUnderWay | None:
    """Return the sign-in under way of this browser."""
    row = await pool.fetchrow(
        "SELECT token_hash, name, roles, departments, secret, onward, created_at, seal"
        " FROM sign_in_under_way WHERE token_hash = $1 AND created_at > now() - $2::interval",
        token_hash(token),
        UNDER_WAY,
    )
    if row is None:
        return None
    *fields, found = row
    if not row_seals.fits(keys, found, "sign_in_under_way", *fields):
        return None
    return SignInUnderWay(staff_sessions.signed_in(row), row["onward"], row["secret"])


async def end(pool: Pool, token: str) -> bool:
    """Delete the sign-in under way of this browser; return whether it was there."""
    ended = await pool.execute(
        "DELETE FROM sign_in_under_way WHERE token_hash = $1", token_hash(token)
    )
    return bool(ended == "DELETE 1")


async def has(pool: Pool, name: str) -> bool:
    """Return whether this name has a second factor."""
    found = await pool.fetchval("SELECT EXISTS (SELECT FROM second_factor WHERE name = $1)", name)
    return found is True


async def names(pool: Pool) -> set[str]:
    """Return the names that have a second factor."""
    return {row["name"] for row in await pool.fetch("SELECT name FROM second_factor")}


async def secret_of(pool: Pool, name: str) -> bytes | None:
    """Return the encrypted secret of this name's authenticator."""
    secret: bytes | None = await pool.fetchval(
        "SELECT secret FROM second_factor WHERE name = $1", name
    )
    return secret


async def enrol(pool: Pool, name: str, secret: bytes, step: int, recovery_codes: list[str]) -> bool:
    """Insert the second factor of a name that has none; return whether it was inserted."""
    inserted = await pool.execute(
        "INSERT INTO second_factor (name, secret, last_step, recovery_codes)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        name,
        secret,
        step,
        recovery_codes,
    )
    return bool(inserted == "INSERT 0 1")


async def use_step(pool: Pool, name: str, secret: bytes, step: int) -> bool:
    """Use this time step of this secret; return False if it, or a later one, was used before."""
    used = await pool.execute(
        "UPDATE second_factor SET last_step = $3"
        " WHERE name = $1 AND secret = $2 AND last_step < $3",
        name,
        secret,
        step,
    )
    return bool(used == "UPDATE 1")


async def use_recovery_code(pool: Pool, name: str, code: str) -> int | None:
    """Use this recovery code; return how many are left, or None if it is none of theirs."""
    left: int | None = await pool.fetchval(
        "UPDATE second_factor SET recovery_codes = array_remove(recovery_codes, $2)"
        " WHERE name = $1 AND $2 = ANY(recovery_codes) RETURNING cardinality(recovery_codes)",
        name,
        code,
    )
    return left


async def drop(pool: Pool, name: str) -> None:
    await pool.execute("DELETE FROM second_factor WHERE name = $1", name)
