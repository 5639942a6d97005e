"""Browser sessions: only the hash of the token is stored, and it ends by idleness or age."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from ledger.pool import Pool


@dataclass(frozen=True)
class Session:
    token_hash: str
    reference: str | None
    language: str | None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def create(pool: Pool, *, language: str | None) -> str:
    """Start a session and return its token (256 random bits)."""
    token = secrets.token_urlsafe(32)
    await pool.execute(
        "INSERT INTO session (token_hash, language) VALUES ($1, $2)", _hash(token), language
    )
    return token


async def find(pool: Pool, token: str, *, idle: timedelta, absolute: timedelta) -> Session | None:
    """Return the live session of this token and note its use; None when there is none."""
    row = await pool.fetchrow(
        "UPDATE session SET seen_at = now() WHERE token_hash = $1"
        " AND seen_at > now() - $2::interval AND created_at > now() - $3::interval"
        " RETURNING token_hash, reference, language",
        _hash(token),
        idle,
        absolute,
    )
    return Session(**row) if row else None


async def attach(pool: Pool, token: str, reference: str) -> None:
    """Let this session stand for this activation from now on."""
    await pool.execute(
        "UPDATE session SET reference = $2 WHERE token_hash = $1", _hash(token), reference
    )


async def rotate(pool: Pool, token: str) -> str:
    """Give the session a new token; the old one is dead at once."""
    fresh = secrets.token_urlsafe(32)
    await pool.execute(
        "UPDATE session SET token_hash = $2 WHERE token_hash = $1", _hash(token), _hash(fresh)
    )
    return fresh


async def set_language(pool: Pool, token: str, language: str) -> None:
    await pool.execute(
        "UPDATE session SET language = $2 WHERE token_hash = $1", _hash(token), language
    )


async def drop(pool: Pool, token: str) -> None:
    """End this session, and clear away those that age has ended."""
    await pool.execute(
        "DELETE FROM session WHERE token_hash = $1 OR created_at < now() - interval '1 day'",
        _hash(token),
    )
