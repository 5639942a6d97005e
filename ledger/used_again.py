"""Stores own keys for persons whose student number the registrar gave to another person before.

A person's key is a keyed index of system and number. If the facts stored under it contradict the
person, the person gets another key, derived from it. The claim of the activation stores that key;
later steps of the activation read it and compare nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from domain.contracts.account_io import CheckAccount, ProvisionAccount, ResolveAccount
from domain.contracts.people import Person
from ledger import rekeyed
from postgres import Pool
from security.keys import KeyRing

_KEYS = """
WITH held AS (
    SELECT coalesce(own.own_key, key) AS key, place
    FROM unnest($2::text[]) WITH ORDINALITY AS given (key, place)
    LEFT JOIN key_used_again own ON own.reference = $1 AND own.registrar_key = key
), former AS (
    SELECT DISTINCT former_key AS key FROM rekeyed WHERE person_key IN (SELECT key FROM held)
), every AS (SELECT key FROM held UNION SELECT key FROM former)
SELECT ARRAY(SELECT key FROM held ORDER BY place) AS held,
    ARRAY(SELECT key FROM former ORDER BY key) AS added,
    EXISTS (SELECT FROM key_used_again WHERE own_key IN (SELECT key FROM every)) AS own,
    ARRAY(
        SELECT DISTINCT former_key FROM rekeyed WHERE person_key IN (SELECT key FROM every)
        ORDER BY former_key
    ) AS former
"""
NOTED = """
replaced AS (
    DELETE FROM key_used_again WHERE reference = $1 AND registrar_key <> ALL($2)
), noted AS (
    INSERT INTO key_used_again (reference, registrar_key, own_key)
    SELECT $1, * FROM unnest($2::text[], $3::text[])
    ON CONFLICT (reference, registrar_key) DO UPDATE SET own_key = EXCLUDED.own_key
)
"""
"""The part of a statement that stores own keys, for parameters of `parameters`."""


class KeysHeld(NamedTuple):
    """`own`: one of a person's keys is an own key, for a number that was another person's before.

    `former` are the keys of the person's rows that the registrar no longer has.
    """

    own: bool
    former: tuple[str, ...]


R = TypeVar("R", ResolveAccount, ProvisionAccount, CheckAccount)


async def own_keys(
    pool: Pool, keys: KeyRing, person: Person, reference: str | None = None
) -> dict[str, str]:
    """Return the own key for each of a person's keys that is another person's in the ledger.

    Facts stored by the activation with this reference are the person's, so they are ignored.
    """
    found = {}
    for key in person.keys:
        own, times = key, 1
        while await _is_anothers(pool, keys, person, own, reference):
            times += 1
            own = keys.index("person", f"{key}/{times}")
        if own != key:
            found[key] = own
    return found


async def _is_anothers(
    pool: Pool, keys: KeyRing, person: Person, key: str, reference: str | None
) -> bool:
    facts = await facts_of(pool, [key], reference)
    if key in facts:
        return rekeyed.contradicts(keys, person, facts[key])
    kept = (await owners_of(pool, [key])).get(key)
    return kept is not None and not rekeyed.is_owner(keys, person, kept)


async def owners_of(pool: Pool, person_keys: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return what is left of the owner of a username, by the key of an erased person."""
    rows = await pool.fetch(
        "SELECT person_key, owner_marks FROM username"
        " WHERE person_key = ANY($1) AND name LIKE '=%' AND owner_marks <> '{}'",
        person_keys,
    )
    return {row["person_key"]: frozenset(row["owner_marks"]) for row in rows}


async def facts_of(
    pool: Pool, person_keys: Sequence[str], reference: str | None = None
) -> dict[str, frozenset[str]]:
    """Return the facts stored under each key, except by the activation with this reference.

    If one of the activations made an account, only its facts count: others may only have asked.
    """
    rows = await pool.fetch(
        "SELECT person_key, found_by,"
        " username IS NOT NULL AND end_step IS DISTINCT FROM 'already_active' AS made"
        " FROM activation WHERE person_key = ANY($1) AND reference IS DISTINCT FROM $2"
        " UNION ALL SELECT person_key, found_by, true FROM imported"
        " WHERE person_key = ANY($1) AND found_by <> '{}'",
        person_keys,
        reference,
    )
    if not rows:
        return {}
    numbers = await pool.fetch(
        "SELECT person_key, scheme, number_index FROM insurance WHERE person_key = ANY($1)",
        person_keys,
    )
    noted: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for row in rows:
        noted[row["person_key"], row["made"]].update(row["found_by"])
    found = {key: facts for (key, _), facts in sorted(noted.items(), key=lambda each: each[0])}
    for key, scheme, index in numbers:
        if key in found:
            found[key].add(rekeyed.number_mark(scheme, index))
    return {key: frozenset(facts) for key, facts in found.items()}


def parameters(reference: str, own: Mapping[str, str]) -> tuple[str, list[str], list[str]]:
    """Return the parameters of `NOTED`: the own keys by registrar key in this activation."""
    return reference, list(own), list(own.values())


async def note(pool: Pool, reference: str, own: Mapping[str, str]) -> None:
    """Store the own keys, by registrar key, that replace the registrar's in this activation."""
    await pool.execute(f"WITH {NOTED} SELECT", *parameters(reference, own))


async def noted(pool: Pool, reference: str) -> dict[str, str]:
    """Return the own keys, by registrar key, that replace the registrar's in this activation."""
    rows = await pool.fetch(
        "SELECT registrar_key, own_key FROM key_used_again WHERE reference = $1", reference
    )
    return {row["registrar_key"]: row["own_key"] for row in rows}


def with_own(person: Person, own: Mapping[str, str]) -> Person:
    """Return the person with own keys in place of the registrar's."""
    first, *others = (own.get(key, key) for key in person.keys)
    return person.model_copy(update={"person_key": first, "other_keys": tuple(others)})


async def with_ledger_keys(pool: Pool, request: R) -> tuple[R, KeysHeld]:
    """Return the request with every key that the ledger has for the person, and about those.

    The claim of this activation stored the own keys that replace the registrar's.
    """
    row = await pool.fetchrow(_KEYS, request.reference, request.person.keys)
    assert row is not None  # noqa: S101 - a query without FROM has one row
    first, *others = row["held"]
    held = {"person_key": first, "other_keys": tuple(others)}
    person = rekeyed.with_keys(request.person.model_copy(update=held), row["added"])
    about = KeysHeld(row["own"], tuple(row["former"]))
    return request.model_copy(update={"person": person}), about
