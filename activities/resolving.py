"""Chooses a student's username: of their own entry, the registrar's, or a new one."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from activities.own_entries import OwnEntries
from activities.records import conflict, reserve_name, wanted_names
from adapters.directory.port import Entry
from adapters.errors import AdapterError
from domain import usernames as rules
from domain.accounts import Judgement, Outcome
from domain.contracts.account_io import AccountOutcome, AccountResolved, ResolveAccount
from domain.contracts.people import Person
from domain.entry_values import CODES
from domain.reasons import Reason
from ledger import passwords, told_apart, used_again, usernames
from ledger.usernames import Release
from postgres import Pool
from security.keys import KeyRing
from settings.rules import Usernames

T = TypeVar("T")
V = TypeVar("V")

GLANCE_SECONDS = 2.0


class Resolver:
    """Chooses usernames from the directory's entries, the ledger's reservations and `policy`."""

    def __init__(self, pool: Pool, keys: KeyRing, entries: OwnEntries, policy: Usernames) -> None:
        self._pool = pool
        self._keys = keys
        self._entries = entries
        self._policy = policy

    async def resolve(self, request: ResolveAccount) -> AccountResolved:
        """Choose a username, without the directory if that does not answer quickly.

        If the search for the person's own entry fails, names are not searched either: a name in
        use may be that entry's.

        Names are searched one at a time, to keep unused candidates out of the directory's log.
        The registrar's username is given to nobody else, and its owner gets no other.
        """
        request, held = await used_again.with_ledger_keys(self._pool, request)
        await told_apart.note_rows(self._pool, request.person, request.apart)
        names = await wanted_names(self._pool, request, self._policy)
        own = await self._glance(request, partial(self._entries.find, held=held), request.person)
        if own and own.outcome is not Outcome.FREE:
            return await self._existing(request, own)
        refused = self._refusal(request.person, shared=request.person.login_of_several)
        if refused:
            return conflict(refused)
        while True:
            reserved = await reserve_name(self._pool, self._keys, request.person, names)
            name = reserved.username
            if own is None or name is None:
                return reserved
            if not await self._glance(request, self._entries.in_use, name):
                return reserved
            names.remove(name)

    def _refusal(self, person: Person, *, shared: bool) -> Reason | None:
        return rules.refusal(person.login_name, self._policy.reserved, shared=shared)

    async def _glance(
        self, request: ResolveAccount, look: Callable[[V], Awaitable[T]], value: V
    ) -> T | None:
        """Return the directory's answer; None when it must not be asked or is away."""
        if not request.ask_directory:
            return None
        try:
            async with asyncio.timeout(GLANCE_SECONDS):
                return await look(value)
        except (AdapterError, TimeoutError):
            return None

    async def _existing(self, request: ResolveAccount, found: Judgement[Entry]) -> AccountResolved:
        """Adopt the entry; with a password not sent by this activation, it is active already."""
        if found.outcome is Outcome.CANNOT_TELL:
            return AccountResolved(
                outcome=AccountOutcome.CANNOT_TELL, why=found.why, of_alike=found.of_alike
            )
        nameless = any(not entry.uid for entry in found.own)
        if found.outcome is Outcome.ANOTHERS or nameless:
            why = Reason.WITHOUT_UID.of(str(found.why)) if nameless else found.why
            return conflict(str(why))
        (entry,) = found.own
        if await self._entries.is_active(request.reference, entry) and not await passwords.tried(
            self._pool, request.reference
        ):
            return await self._already_active(request.person, entry, found)
        return await self._adopted(request, entry, found)

    async def _adopted(
        self, request: ResolveAccount, entry: Entry, found: Judgement[Entry]
    ) -> AccountResolved:
        """Adopt the name of the person's entry without password, unless it cannot be theirs.

        Whether several persons have the login name does not matter: the entry tells whose it is.
        """
        refused = self._refusal(request.person, shared=False)
        if refused:
            return conflict(refused)
        name = request.person.login_name or entry.uid.lower()
        if not entry.is_named(name):
            return conflict(Reason.UNDER_ANOTHER_NAME.of(str(found.why)))
        if rules.unusable(name) or not entry.adoptable:
            return conflict(Reason.UNADOPTABLE.of(str(found.why)))
        return await self._keep_name(request, found, name)

    async def _keep_name(
        self, request: ResolveAccount, found: Judgement[Entry], name: str
    ) -> AccountResolved:
        """Reserve the name of the person's entry, even if another key of theirs holds it.

        The person's code in the entry proves that, unless somebody else has an account of that
        name or is activating one.
        """
        reserved = await reserve_name(self._pool, self._keys, request.person, [name], found.why)
        if reserved.outcome is AccountOutcome.USERNAME or found.why != CODES:
            return reserved
        replaced = await used_again.noted(self._pool, request.reference)
        heirs = (*request.person.keys, *replaced)
        if await usernames.release(self._pool, self._keys, name, heirs) is not Release.RELEASED:
            return reserved
        return await reserve_name(self._pool, self._keys, request.person, [name], found.why)

    async def _already_active(
        self, person: Person, entry: Entry, found: Judgement[Entry]
    ) -> AccountResolved:
        """Return active already, unless the ledger has the name for another person.

        The registrar may have given two persons the same username; a code in the entry decides.
        """
        if found.why != CODES:
            reserved = await reserve_name(self._pool, self._keys, person, [entry.uid], found.why)
            if reserved.outcome is AccountOutcome.CONFLICT:
                return reserved
        return AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username=entry.uid)
