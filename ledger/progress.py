"""What the ledger has of many students at once: accounts, and activations that made none."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from domain.contracts.vocabulary import Step
from postgres import Pool

_NOTED = """
SELECT k.key, a.found_by, a.ended_at, a.end_step,
    EXISTS (SELECT FROM consent c WHERE c.reference = a.reference) AS agreed, false AS imported
FROM unnest($1::text[]) k (key) JOIN activation a ON a.found_by @> ARRAY[k.key]
UNION ALL
SELECT k.key, a.found_by, a.ended_at, a.end_step,
    EXISTS (SELECT FROM consent c WHERE c.reference = a.reference), false
FROM unnest($1::text[]) k (key) JOIN insurance i ON i.number_index = k.key
    JOIN activation a ON a.person_key = i.person_key
UNION ALL
SELECT k.key, m.found_by, NULL, NULL, false, true
FROM unnest($1::text[]) k (key) JOIN imported m ON m.found_by @> ARRAY[k.key]
"""
_OF_NOBODY_YET = """
SELECT mobile_index FROM activation WHERE mobile_index = ANY($1)
    AND person_key IS NULL AND end_step IS DISTINCT FROM $2
UNION SELECT email_index FROM activation WHERE email_index = ANY($1)
    AND person_key IS NULL AND end_step IS DISTINCT FROM $2
"""


class Noted(NamedTuple):
    """An activation, or an imported account, with the facts that tell whose it is."""

    found_by: frozenset[str]
    ended_at: datetime | None
    end: str | None
    agreed: bool
    imported: bool


async def noted(pool: Pool, keys: Sequence[str]) -> dict[str, list[Noted]]:
    """Return by key all that is found by one of these keyed indexes."""
    found = defaultdict[str, list[Noted]](list)
    for key, found_by, *more in await pool.fetch(_NOTED, keys):
        found[key].append(Noted(frozenset(found_by), *more))
    return found


async def begun_by(pool: Pool, contacts: Sequence[str]) -> set[str]:
    """Return the contacts' indexes with which an activation began whose code was never typed."""
    rows = await pool.fetch(_OF_NOBODY_YET, contacts, Step.NOT_FOUND)
    return {contact for (contact,) in rows}
