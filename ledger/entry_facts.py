"""What the ledger knows of entries of the directory: whose name it is, and who agreed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg

from domain.contracts.vocabulary import Step
from domain.findings import LedgerFacts
from ledger import usernames
from postgres import Connection
from security.keys import KeyRing

_LINKED = (
    "SELECT person_key, former_key FROM rekeyed WHERE person_key = ANY($1) OR former_key = ANY($1)"
)
_USED_AGAIN = "SELECT registrar_key, own_key FROM key_used_again WHERE registrar_key = ANY($1)"
_RESERVED = "SELECT name, person_key, empty_entry_of FROM username WHERE name = ANY($1)"
_ACTIVATIONS = (
    "SELECT reference, person_key, username_index, username, end_step, ended_at FROM activation"
    " WHERE username_index = ANY($1) OR person_key = ANY($2)"
)
_AGREED = (
    "SELECT DISTINCT person_key, reference FROM consent"
    " WHERE person_key = ANY($1) OR reference = ANY($2)"
)
_IN_PROGRESS = datetime.max.replace(tzinfo=UTC)


class EntryKeys(NamedTuple):
    """An entry by its usernames, the naming one first, and the person keys of its codes."""

    names: tuple[str, ...]
    persons: frozenset[str]


class KnownOfEntry(NamedTuple):
    """What the ledger knows of an entry; `persons` are all keys of its owner.

    `heir` is the key under which its name may be reserved; None where the code does not say whose
    it is. `unfinished`: an activation may have added it without a password. `account` is the newest
    activation that made an account, else one in progress. `newest` is one in progress, else the
    newest. `elsewhere`: reference and username of the account that the ledger has for the person,
    under another name.
    """

    facts: LedgerFacts
    persons: frozenset[str]
    heir: str | None
    unfinished: bool
    account: str | None
    newest: str | None
    elsewhere: tuple[str, str] | None


async def of_entries(
    ledger: Connection, keys: KeyRing, entries: Sequence[EntryKeys]
) -> list[KnownOfEntry]:
    """Return in the same order what the ledger knows of each entry."""
    found = await _read(ledger, keys, entries)
    return [_known(keys, each, found) for each in entries]


@dataclass(frozen=True)
class _PageOfRows:
    """The rows of a page of entries; `agreed` has person keys and references."""

    links: dict[str, set[str]]
    used_again: dict[str, set[str]]
    reserved: dict[str, asyncpg.Record]
    by_name: dict[str, list[asyncpg.Record]]
    by_person: dict[str, list[asyncpg.Record]]
    agreed: frozenset[str]


async def _read(ledger: Connection, keys: KeyRing, entries: Sequence[EntryKeys]) -> _PageOfRows:
    persons = {key for each in entries for key in each.persons}
    links: dict[str, set[str]] = defaultdict(set)
    for one, other in await ledger.fetch(_LINKED, persons):
        links[one].add(other)
        links[other].add(one)
    used_again: dict[str, set[str]] = defaultdict(set)
    for one, other in await ledger.fetch(_USED_AGAIN, persons):
        used_again[one].add(other)
    persons = persons.union(*links.values(), *used_again.values())
    names = [name.lower() for each in entries for name in each.names]
    named = [*names, *(usernames.kept(keys, name) for name in names)]
    reserved = {row["name"]: row for row in await ledger.fetch(_RESERVED, named)}
    indexes = [keys.index("username", name) for name in names]
    rows = await ledger.fetch(_ACTIVATIONS, indexes, persons)
    by_name: dict[str, list[asyncpg.Record]] = defaultdict(list)
    by_person: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        by_name[row["username_index"]].append(row)
        by_person[row["person_key"]].append(row)
    references = [row["reference"] for row in rows]
    agreed = await ledger.fetch(_AGREED, persons, references)
    return _PageOfRows(
        links, used_again, reserved, by_name, by_person, frozenset(v for row in agreed for v in row)
    )


def _known(keys: KeyRing, entry: EntryKeys, found: _PageOfRows) -> KnownOfEntry:
    names = [name.lower() for name in entry.names]
    indexes = {keys.index("username", name) for name in names}
    linked = entry.persons.union(*(found.links.get(key, ()) for key in entry.persons))
    newcomers = [found.used_again.get(key, set()) for key in entry.persons]
    persons = linked.union(*newcomers)
    of_persons = [row for key in persons for row in found.by_person.get(key, ())]
    rows = [*of_persons, *(row for index in indexes for row in found.by_name.get(index, ()))]
    holder = next((found.reserved[name] for name in names if name in found.reserved), None)
    owner = holder["person_key"] if holder else None
    facts = LedgerFacts(
        owner=owner,
        concealed=any(usernames.kept(keys, name) in found.reserved for name in names),
        live=any(row["ended_at"] is None for row in rows),
        made=any(
            row["person_key"] == owner
            and row["end_step"] == Step.ACTIVE
            and row["username_index"] in indexes
            for row in rows
        ),
        consented=not found.agreed.isdisjoint({*persons, *(row["reference"] for row in rows)}),
    )
    # Where a number was used again, the code does not say which of its owners the entry is of.
    doubtful = any(newcomers)
    rows.sort(key=lambda row: row["ended_at"] or _IN_PROGRESS)
    made = [row["reference"] for row in rows if row["end_step"] == Step.ACTIVE]
    live = [row["reference"] for row in rows if row["ended_at"] is None]
    return KnownOfEntry(
        facts,
        persons,
        heir=None if doubtful else min(entry.persons, default=None),
        unfinished=bool(holder and holder["empty_entry_of"]),
        account=next(reversed(made or live), None),
        newest=rows[-1]["reference"] if rows else None,
        elsewhere=None if doubtful else _elsewhere(keys, of_persons, indexes),
    )


def _elsewhere(
    keys: KeyRing, rows: Collection[asyncpg.Record], indexes: Collection[str]
) -> tuple[str, str] | None:
    """Return reference and username of the person's newest account, unless it has such a name."""
    made = [row for row in rows if row["end_step"] == Step.ACTIVE and row["username"]]
    if not made or any(row["username_index"] in indexes for row in made):
        return None
    newest = max(made, key=lambda row: row["ended_at"])
    return newest["reference"], keys.decrypt("username", newest["reference"], newest["username"])
