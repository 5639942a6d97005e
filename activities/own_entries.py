"""Finds a person's own entry in the directory, combined with what the ledger knows of it."""

from dataclasses import replace

from adapters.directory import entries
from adapters.directory.port import Directory, Entry
from domain.accounts import Judgement, Password
from domain.contracts.people import Person
from domain.identities import Identity
from ledger import told_apart, usernames
from ledger.used_again import KeysHeld
from postgres import Pool
from recognition.rekeyed import recognition
from security.keys import KeyRing
from settings.institution import Institution


class OwnEntries:
    def __init__(
        self, pool: Pool, keys: KeyRing, directory: Directory, institution: Institution
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._directory = directory
        self._domain = institution.domain
        self._country = institution.code_country

    async def find(self, person: Person, held: KeysHeld) -> Judgement[Entry]:
        own = await self.identity(person, held)
        return await self._directory.run(self._directory.find_own, own)

    async def in_use(self, name: str) -> list[Entry]:
        return await self._directory.run(self._directory.find_in_use, name, self._domain)

    async def is_active(self, reference: str, entry: Entry) -> bool:
        """Whether an entry has a password; a hidden one counts, unless this activation added it."""
        if entry.password is not Password.HIDDEN or not entry.made_here:
            return entry.active
        return not await usernames.has_empty_entry(self._pool, name=entry.uid, reference=reference)

    async def identity(self, person: Person, held: KeysHeld) -> Identity:
        person = await told_apart.without(self._pool, person)
        own = replace(entries.identity(person, self._domain, self._country), used_again=held.own)
        return await recognition(self._pool, self._keys, self._directory, own, held.former)
