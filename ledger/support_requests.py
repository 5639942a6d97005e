"""What students write to support: kept encrypted, and noted when the desk has it by e-mail."""

from dataclasses import dataclass

from domain.contracts.vocabulary import Language
from ledger.pool import Pool
from security.keys import KeyRing


@dataclass(frozen=True)
class SupportRequest:
    """`reference` and `step` are None where no activation is known; `step` is when it was sent."""

    id: str
    reference: str | None
    step: str | None
    language: Language
    name: str
    reply_to: str
    text: str


async def put(pool: Pool, keys: KeyRing, request: SupportRequest) -> None:
    """Keep a request; the same once more changes nothing."""
    name, reply_to, text = (
        keys.encrypt("support_request", request.id, value)
        for value in (request.name, request.reply_to, request.text)
    )
    await pool.execute(
        "INSERT INTO support_request (id, reference, step, language, name, reply_to, text)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        request.id,
        request.reference,
        request.step,
        request.language,
        name,
        reply_to,
        text,
    )


async def unmailed(pool: Pool, keys: KeyRing, request_id: str) -> SupportRequest | None:
    """Return a request the desk has not got yet; None when it has, or when there is none."""
    row = await pool.fetchrow(
        "SELECT * FROM support_request WHERE id = $1 AND mailed_at IS NULL", request_id
    )
    if row is None:
        return None
    name, reply_to, text = (
        keys.decrypt("support_request", request_id, row[column])
        for column in ("name", "reply_to", "text")
    )
    return SupportRequest(
        request_id,
        row["reference"],
        row["step"],
        Language(row["language"]),
        name,
        reply_to,
        text,
    )


async def mailed(pool: Pool, request_id: str) -> None:
    """Note that the desk has it."""
    await pool.execute("UPDATE support_request SET mailed_at = now() WHERE id = $1", request_id)


async def left_behind(pool: Pool) -> list[str]:
    """Return some requests that the desk should have by now: others each time, so that all come."""
    rows = await pool.fetch(
        "SELECT id FROM support_request"
        " WHERE mailed_at IS NULL AND created_at < now() - interval '1 minute'"
        " ORDER BY random() LIMIT 20"
    )
    return [row["id"] for row in rows]
