"""Consents: append-only, one row for each thing that was shown and agreed to."""

from datetime import datetime

from domain.contracts.requests import RecordConsent
from domain.contracts.vocabulary import Choice
from ledger.pool import Pool
from security.keys import KeyRing


async def record(pool: Pool, keys: KeyRing, request: RecordConsent) -> None:
    """Write the row once; what was shown is kept encrypted beside its hash."""
    shown = keys.encrypt("consent", request.reference, request.shown.model_dump_json())
    await pool.execute(
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


async def newest(pool: Pool, reference: str) -> datetime | None:
    """Return when the newest consent was recorded; None when there is none."""
    recorded: datetime | None = await pool.fetchval(
        "SELECT recorded_at FROM consent WHERE reference = $1 ORDER BY id DESC LIMIT 1", reference
    )
    return recorded


async def choices(pool: Pool, reference: str) -> tuple[Choice, ...] | None:
    """Return what was chosen with the newest consent; None when there is no consent."""
    chosen = await pool.fetchval(
        "SELECT choices FROM consent WHERE reference = $1 ORDER BY id DESC LIMIT 1", reference
    )
    return None if chosen is None else tuple(Choice(each) for each in chosen)
