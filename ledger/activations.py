"""Stores one row per activation: its keyed indexes and its end, no readable personal data."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain.contracts.vocabulary import Language, Step
from ledger.words import word
from postgres import Connection, Pool, exists
from security.keys import KeyRing

WITH_ACCOUNT = (Step.ACTIVE, Step.ALREADY_ACTIVE)
"""The end steps after which the person has an account, whoever made it."""
COLUMNS = (
    'reference, language, department, started_at, ended_at, end_step AS "end", person_key,'
    " coalesce(mobile_index, email_index, person_key) IS NULL AS erased"
)
_OVER = (
    "activation WHERE reference = $1 AND (ended_at IS NOT NULL"
    " OR coalesce(mobile_index, email_index, person_key) IS NULL)"
)
_END = "SELECT end_activation($1, $2, $3, $4)"


@dataclass(frozen=True)
class ActivationRow:
    """What is stored of an activation; `end` is None while it is live.

    `erased`: it has no index of a contact or person any more, though each begins with a contact's.
    """

    reference: str
    language: Language
    department: str | None
    started_at: datetime
    ended_at: datetime | None
    end: Step | None
    person_key: str | None
    erased: bool


async def begin(
    pool: Pool,
    keys: KeyRing,
    *,
    reference: str,
    language: Language,
    mobile: str | None,
    email: str | None,
) -> bool:
    """Insert a new activation (idempotent); False: the reference is one with other contacts."""
    same: bool = await pool.fetchval(
        "INSERT INTO activation AS a (reference, language, mobile_index, email_index)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT (reference) DO UPDATE SET language = a.language"
        " RETURNING (mobile_index, email_index) IS NOT DISTINCT FROM ($3, $4)",
        reference,
        language,
        keys.index("mobile", mobile) if mobile else None,
        keys.index("email", email) if email else None,
    )
    return same


async def same_contact(
    pool: Pool, keys: KeyRing, reference: str, mobile: str | None, email: str | None
) -> bool:
    """Return whether exactly these contacts began this activation."""
    return await exists(
        pool,
        "activation WHERE reference = $1"
        " AND (mobile_index, email_index) IS NOT DISTINCT FROM ($2, $3)",
        reference,
        keys.index("mobile", mobile) if mobile else None,
        keys.index("email", email) if email else None,
    )


async def contacts(pool: Pool, reference: str) -> list[str]:
    """Return the keyed indexes of the contacts that began this activation, the mobile's first."""
    row = await pool.fetchrow(
        "SELECT mobile_index, email_index FROM activation WHERE reference = $1", reference
    )
    return [index for index in row or () if index]


async def provisioned(pool: Pool, keys: KeyRing, *, reference: str, username: str) -> None:
    """Record the username of the account, which can be used from now on and has a password."""
    await pool.execute(
        "WITH noted AS (UPDATE username SET empty_entry_of = NULL"
        " WHERE name = lower($4) AND empty_entry_of IS NOT NULL)"
        " UPDATE activation SET username = $2, username_index = $3 WHERE reference = $1",
        reference,
        keys.encrypt("username", reference, username),
        keys.index("username", username.lower()),
        username,
    )


async def username(
    pool: Pool, keys: KeyRing, reference: str, *, or_found: bool = False
) -> str | None:
    """Return the username of the account that this activation made (or found active), or None."""
    name = await pool.fetchval(
        "SELECT username FROM activation"
        " WHERE reference = $1 AND ($2 OR end_step <> $3) IS NOT FALSE",
        reference,
        or_found,
        Step.ALREADY_ACTIVE,
    )
    return keys.decrypt("username", reference, name) if name else None


async def found_active(pool: Pool, keys: KeyRing, *, reference: str, username: str) -> None:
    """End an activation as `close`, whose person has an account already; record its username."""
    index = keys.index("username", username.lower())
    found = keys.encrypt("username", reference, username), index
    await pool.execute(_END, reference, Step.ALREADY_ACTIVE, *found)


async def close(ledger: Connection, *, reference: str, end: Step) -> None:
    """Record the end, delete the passwords, and release the person; a recorded end stays."""
    await ledger.execute(_END, reference, end, None, None)


@dataclass(frozen=True)
class ActiveAccount:
    """An account that was made, and the activation that made it."""

    reference: str
    username: str


async def active_account(
    pool: Pool, keys: KeyRing, *person_keys: str, ends: Sequence[Step] = (Step.ACTIVE,)
) -> ActiveAccount | None:
    """Return the account this person activated last with this engine, or None."""
    row = await pool.fetchrow(
        "SELECT reference, username FROM activation"
        " WHERE person_key = ANY($1) AND end_step = ANY($2) AND username IS NOT NULL"
        " ORDER BY ended_at DESC LIMIT 1",
        person_keys,
        ends,
    )
    return _account(keys, row) if row else None


async def has_account(pool: Pool, person_keys: Sequence[str]) -> bool:
    """Return whether an activation of this person ended with an account, whoever made it."""
    ended = "activation WHERE person_key = ANY($1) AND end_step = ANY($2)"
    return await exists(pool, ended, person_keys, WITH_ACCOUNT)


async def others_accounts(
    pool: Pool, keys: KeyRing, person_keys: Sequence[str], *, most: int
) -> tuple[str, ...]:
    """Return up to `most` usernames of other people's accounts, a new random sample each time."""
    rows = await pool.fetch(
        "SELECT reference, username FROM activation"
        " WHERE person_key <> ALL($1) AND end_step = $2 AND username IS NOT NULL"
        " ORDER BY random() LIMIT $3",
        person_keys,
        Step.ACTIVE,
        most,
    )
    return tuple(_account(keys, row).username for row in rows)


def _account(keys: KeyRing, row: asyncpg.Record) -> ActiveAccount:
    name = keys.decrypt("username", row["reference"], row["username"])
    return ActiveAccount(row["reference"], name)


async def begun_with(pool: Pool, keys: KeyRing, mobile: str | None, email: str | None) -> bool:
    """Return whether a live activation began with one of these contacts."""
    return await exists(
        pool,
        "activation WHERE ended_at IS NULL AND (mobile_index = $1 OR email_index = $2)",
        keys.index("mobile", mobile) if mobile else None,
        keys.index("email", email) if email else None,
    )


async def alive(pool: Pool, reference: str) -> bool:
    """Return whether an activation of this reference has begun and not ended."""
    return await exists(pool, "activation WHERE reference = $1 AND ended_at IS NULL", reference)


async def is_over(pool: Pool, reference: str) -> bool:
    """Return whether an activation of this reference has ended or was erased.

    One that the ledger lacks, because an older state of it was restored, goes on.
    """
    return await exists(pool, _OVER, reference)


async def under_way(
    pool: Pool,
    keys: KeyRing,
    *,
    claims: Sequence[str],
    mobiles: Sequence[str],
    emails: Sequence[str],
) -> str | None:
    """Return the live activation with one of these claims, else the newest begun by a contact.

    Contacts count only while the activation's person is not known. Returns None without any.
    """
    reference: str | None = await pool.fetchval(
        "SELECT a.reference FROM activation a LEFT JOIN claim c"
        " ON c.reference = a.reference AND c.key = ANY($1::text[])"
        " WHERE a.ended_at IS NULL AND (c.key IS NOT NULL OR a.person_key IS NULL"
        " AND (a.mobile_index = ANY($2::text[]) OR a.email_index = ANY($3::text[])))"
        " ORDER BY c.key IS NULL, a.started_at DESC LIMIT 1",
        claims,
        [keys.index("mobile", mobile) for mobile in mobiles],
        [keys.index("email", email) for email in emails],
    )
    return reference


async def noted(pool: Pool, references: Collection[str]) -> dict[str, ActivationRow]:
    """Return the stored rows by reference; unknown references are left out."""
    rows = await pool.fetch(
        f"SELECT {COLUMNS} FROM activation WHERE reference = ANY($1)",  # noqa: S608 - a constant of this module
        references,
    )
    return {row["reference"]: read(row) for row in rows}


async def names_of(pool: Pool, keys: KeyRing, references: Collection[str]) -> dict[str, str]:
    """Return the persons' names by reference; those without a stored name are left out."""
    rows = await pool.fetch(
        "SELECT reference, name FROM activation WHERE reference = ANY($1) AND name IS NOT NULL",
        references,
    )
    return {row["reference"]: keys.decrypt("name", *row) for row in rows}


def read(row: asyncpg.Record) -> ActivationRow:
    """Convert a database row with `COLUMNS`."""
    language = word(Language, row["language"]) or Language.EL
    end = (word(Step, row["end"]) or Step.CANCELLED) if row["end"] else None
    return ActivationRow(**{**row, "language": language, "end": end})
