"""Consents: append-only, one row for each agreement or withdrawal."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.contracts.account_io import RecordConsent
from domain.contracts.vocabulary import Choice
from postgres import Connection, Pool
from security.keys import KeyRing

_CHOICES, _WHOLE = "choices", "whole"


@dataclass(frozen=True)
class Consent:
    """A consent; `agreed`: not withdrawn entirely; `withdrawn`: choices withdrawn, not renewed."""

    id: int
    agreed: bool
    agreed_at: datetime
    choices: tuple[Choice, ...]
    withdrawn: tuple[Choice, ...]


async def record(ledger: Connection, keys: KeyRing, request: RecordConsent) -> None:
    """Insert the row (idempotent); the text shown is stored encrypted beside its hash."""
    shown = keys.encrypt("consent", request.reference, request.shown.model_dump_json())
    await ledger.execute(
        "INSERT INTO consent (reference, person_key, terms_version, shown_hash, shown, choices,"
        " language, accepted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (reference, shown_hash, accepted_at) DO NOTHING",
        request.reference,
        request.person_key,
        request.shown.terms_version,
        request.shown.shown_hash,
        shown,
        list(request.choices),
        request.language,
        request.accepted_at,
    )


async def standing(ledger: Connection, reference: str) -> Consent | None:
    """Return the consent in force after all rows; None when none was ever given."""
    rows = await ledger.fetch(
        "SELECT id, choices, recorded_at, withdrawal FROM consent WHERE reference = $1 ORDER BY id",
        reference,
    )
    if not rows:
        return None
    choices: set[str] = set()
    withdrawn: set[str] = set()
    for row in rows:
        if row["withdrawal"]:
            withdrawn |= choices - set(row["choices"])
        choices = set(row["choices"])
    newest = rows[-1]
    return Consent(
        id=newest["id"],
        agreed=newest["withdrawal"] != _WHOLE,
        agreed_at=max(row["recorded_at"] for row in rows if not row["withdrawal"]),
        choices=tuple(choice for choice in Choice if choice in choices),
        withdrawn=tuple(choice for choice in Choice if choice in withdrawn - choices),
    )


async def withdraw(pool: Pool, reference: str, choices: Collection[Choice]) -> Consent:
    """Withdraw these choices, or everything if none are given, by a new row; return the result.

    What is withdrawn already makes no row. Raises `LookupError` where there is no consent.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", reference)
        now = await standing(connection, reference)
        if now is None:
            raise LookupError("there is no consent")
        left = [each for each in now.choices if each not in choices] if choices else []
        if now.agreed and (not choices or len(left) < len(now.choices)):
            await connection.execute(
                "INSERT INTO consent (reference, person_key, terms_version, shown_hash, shown,"
                " choices, language, accepted_at, withdrawal)"
                " SELECT reference, person_key, terms_version, shown_hash, shown,"
                " $2, language, now(), $3 FROM consent WHERE id = $1",
                now.id,
                left,
                _CHOICES if choices else _WHOLE,
            )
            now = await standing(connection, reference)
            assert now is not None  # noqa: S101 - rows are never deleted
        return now
