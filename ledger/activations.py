"""Stores one row per activation: its keyed indexes and its end, no readable personal data."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from domain import names
from domain.contracts.people import Person
from domain.contracts.vocabulary import Language, Step
from domain.text import identifier
from ledger import rekeyed, used_again
from ledger.used_again import NOTED
from postgres import Pool, exists
from security.keys import KeyRing

WITH_ACCOUNT = (Step.ACTIVE, Step.ALREADY_ACTIVE)
"""The end steps after which the person has an account, whoever made it."""
COLUMNS = (
    'reference, language, department, started_at, ended_at, end_step AS "end", person_key,'
    " coalesce(mobile_index, email_index, person_key) IS NULL AS erased"
)


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


async def claimed(
    pool: Pool,
    keys: KeyRing,
    *,
    reference: str,
    person: Person,
    language: Language,
    own_keys: Mapping[str, str] | None = None,
) -> None:
    """Record the person that the activation was found to belong to, and their own keys (upsert)."""
    newest = person.enrolments[0]
    name = f"{person.first_name_el} {person.last_name_el}".strip()
    await pool.execute(
        f"WITH {NOTED} INSERT INTO activation AS a"  # noqa: S608 - a constant
        " (reference, language, person_key, student_number_index, department, found_by, name)"
        " VALUES ($1, $4, $5, $6, $7, $8, $9) ON CONFLICT (reference) DO UPDATE SET"
        " person_key = $5, student_number_index = $6, department = $7, found_by = $8, name = $9",
        *used_again.parameters(reference, own_keys or {}),
        language,
        person.person_key,
        keys.index("student_number", newest.registration_id),
        newest.department_id,
        sorted(set(_found_by(keys, person))),
        keys.encrypt("name", reference, name),
    )


def _found_by(keys: KeyRing, person: Person) -> Iterator[str]:
    yield from rekeyed.marks(keys, person)
    for each in (*person.enrolments, *person.former):
        yield keys.index("found_number", identifier(each.registration_id))
    if person.insurance_number:
        yield keys.index("insurance", f"{person.insurance_scheme}:{person.insurance_number}")
    if person.mobile:
        yield keys.index("mobile", person.mobile)
    if person.email:
        yield keys.index("email", person.email)
    spellings = (
        person.first_name_el,
        person.last_name_el,
        person.first_name_latin,
        person.last_name_latin,
    )
    for beginning in names.beginnings(" ".join(spellings)):
        yield keys.index("name", beginning)


async def provisioned(pool: Pool, keys: KeyRing, *, reference: str, username: str) -> None:
    """Record the username of the account, which can be used from now on."""
    await pool.execute(
        "UPDATE activation SET username = $2, username_index = $3 WHERE reference = $1",
        reference,
        keys.encrypt("username", reference, username),
        keys.index("username", username.lower()),
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
    """End an activation whose person has an account already, and record its username."""
    await pool.execute(
        "UPDATE activation SET username = $3, username_index = $4, ended_at = now(), end_step = $2"
        " WHERE reference = $1 AND ended_at IS NULL",
        reference,
        Step.ALREADY_ACTIVE,
        keys.encrypt("username", reference, username),
        keys.index("username", username.lower()),
    )


async def close(pool: Pool, *, reference: str, end: Step) -> None:
    """Record the end; an end that is recorded already stays."""
    await pool.execute(
        "UPDATE activation SET ended_at = now(), end_step = $2"
        " WHERE reference = $1 AND ended_at IS NULL",
        reference,
        end,
    )


async def release(pool: Pool, reference: str) -> None:
    """Delete the passwords, the claims and the lease of an activation whose end is recorded."""
    await pool.execute(
        "WITH boxes AS (DELETE FROM sealed_password WHERE reference = $1),"
        " tried AS (DELETE FROM password_try WHERE reference = $1),"
        " lease AS (DELETE FROM start_under_way WHERE reference = $1)"
        " DELETE FROM claim WHERE reference = $1",
        reference,
    )


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
    end = Step(row["end"]) if row["end"] else None
    return ActivationRow(**{**row, "language": Language(row["language"]), "end": end})
