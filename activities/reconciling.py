"""Compares the directory with the ledger, page by page, and notes in the ledger what differs.

Only what is read again right before it is noted counts, and only a second look confirms it. An
absent entry must be proved, as for a student. The directory is only read.
"""

import asyncio
import threading
import time
from collections.abc import Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from temporalio import activity

from activities.errors import guarded
from activities.fencing import begin_try, fence
from activities.registered import Activities
from adapters.directory import entries
from adapters.directory.port import Directory, Entry
from adapters.errors import Unavailable
from domain import findings as rules
from domain.accounts import Password
from domain.contracts.reconciling import CompareStage, LookStage, StageCompared
from domain.contracts.vocabulary import ActivityName, FailureType
from domain.findings import EntryFacts, FindingKind
from domain.usernames import unusable
from ledger import activations, clock, compared, consents, entry_facts, findings, usernames
from ledger.compared import AccountRow
from ledger.entry_facts import EntryKeys, KnownOfEntry
from ledger.findings import SeenFinding
from postgres import UNAVAILABLE, Pool
from recognition import presence
from security.keys import KeyRing
from settings import Settings

T = TypeVar("T")
_SECONDS = 15.0
"""How long one call compares accounts at most."""
_AT_ONCE = 100
"""Entries of one search by usernames."""


class ReconcileActivities(Activities):
    """The stages that read the directory."""

    def __init__(
        self, *, pool: Pool, keys: KeyRing, settings: Settings, directory: Directory
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._domain = settings.institution.domain
        self._country = settings.institution.code_country
        self._choices = settings.directory.choices
        self._directory = directory

    @activity.defn(name=ActivityName.COMPARE_DIRECTORY)
    async def compare_directory(self, request: CompareStage) -> StageCompared:
        begin_try()
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            began = request.began or await clock.now(self._pool)
            position = None
            if request.stage is LookStage.ENTRIES:
                await self._walk()
            else:
                position = await self._compare_accounts(request.position, began)
        return StageCompared(began=began, position=position)

    # --- the entries -----------------------------------------------------------------------

    async def _walk(self) -> None:
        """Read the whole directory in one of its threads, and ask the ledger in this loop.

        Nothing here waits for another thread of the directory, of which there may be only one.
        """
        loop = asyncio.get_running_loop()
        over = threading.Event()

        def here(work: Coroutine[Any, Any, T]) -> T:
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        def take(page: list[Entry]) -> None:
            for first in range(0, len(page), _AT_ONCE):
                if over.is_set():
                    raise Unavailable(FailureType.DIRECTORY_DOWN, "too late to go on")
                fence()
                doubtful = here(self._doubtful(page[first : first + _AT_ONCE]))
                if doubtful:
                    again = self._directory.find_by_uids(sorted(doubtful))
                    here(self._note_entries(again))

        try:
            await self._directory.run(self._directory.walk, take)
        finally:
            over.set()

    async def _doubtful(self, page: Sequence[Entry]) -> set[str]:
        """Return the usernames of what needs a closer look, judged as if all had a password."""
        activity.heartbeat()
        names: set[str] = set()
        for entry, known in await self._known(page):
            if known.elsewhere:
                names |= {entry.uid, known.elsewhere[1]}
            elif rules.of_entry(EntryFacts(known.persons, entry.made_here, True), known.facts):
                names.add(entry.uid)
        return names

    async def _note_entries(self, again: Sequence[Entry]) -> None:
        """Judge the entries as they are now, note what differs, and reserve their names."""
        present = {name for each in again for name in _names(each)}
        seen: list[SeenFinding] = []
        heirs: dict[str, str] = {}
        for entry, known in await self._known(again):
            index = self._keys.index("username", entry.uid.lower())
            hidden = known.unfinished and entry.password is Password.HIDDEN
            active = entry.active and not hidden
            facts = EntryFacts(known.persons, entry.made_here, active)
            for kind in rules.of_entry(facts, known.facts):
                # As the ledger's own account is, so that it is found once.
                agreed = kind is FindingKind.CONSENT_MISSING and known.account
                seen.append(SeenFinding(kind, agreed or index, known.newest, entry.uid))
                if kind is FindingKind.NAME_UNRESERVED and known.heir:
                    heirs[entry.uid] = known.heir
            if active and known.elsewhere and not known.facts.live:
                reference, name = known.elsewhere
                other = rules.renamed(name.lower(), _names(entry), present)
                if other:
                    seen.append(SeenFinding(other, reference, reference, entry.uid))
        for each in await findings.note(self._pool, self._keys, seen):
            if each.kind is FindingKind.NAME_UNRESERVED and each.username in heirs:
                await self._reserve(each, heirs[each.username])

    async def _reserve(self, found: SeenFinding, heir: str) -> None:
        names = [str(found.username)]
        if await usernames.reserve(self._pool, self._keys, person_key=heir, candidates=names):
            await findings.mended(self._pool, found.kind, [found.subject])

    async def _known(self, page: Sequence[Entry]) -> list[tuple[Entry, KnownOfEntry]]:
        """Return what the ledger knows of each entry that has a username and is somebody's."""
        own = [(each, self._of(each)) for each in page if each.uid]
        kept = [(each, of) for each, of in own if each.made_here or of.persons]
        known = await entry_facts.of_entries(self._pool, self._keys, [of for _, of in kept])
        return [(each, told) for (each, _), told in zip(kept, known, strict=True)]

    def _of(self, entry: Entry) -> EntryKeys:
        numbers = entries.numbers(entry.attributes, self._domain, self._country)
        persons = frozenset(self._keys.index("person", number) for number in numbers)
        return EntryKeys(tuple(dict.fromkeys((entry.uid.lower(), *_names(entry)))), persons)

    # --- the accounts of the ledger --------------------------------------------------------

    async def _compare_accounts(self, position: str, began: datetime) -> str | None:
        until = time.monotonic() + _SECONDS
        known = await activations.others_accounts(
            self._pool, self._keys, [], most=presence.KNOWN_MOST
        )
        while rows := await compared.accounts(self._pool, self._keys, position, began, _AT_ONCE):
            activity.heartbeat()
            await self._compare(rows, known)
            position = rows[-1].reference
            if time.monotonic() > until:
                return position
        return None

    async def _compare(self, rows: Sequence[AccountRow], known: Sequence[str]) -> None:
        # The absence of an entry whose name no entry can have now cannot be proved.
        named = {
            each.username: each
            for each in rows
            if each.username and not each.renamed and not unusable(each.username)
        }
        there = await self._directory.run(presence.named, self._directory, [*named], known)
        seen = [_seen(FindingKind.CONSENT_MISSING, each) for each in rows if not each.consented]
        for name, row in named.items():
            entry = there.get(name)
            if entry is None:
                seen.append(_seen(FindingKind.ACCOUNT_MISSING, row))
            elif not entry.active:
                seen.append(_seen(FindingKind.PASSWORD_MISSING, row))
            elif row.withdrawn and await self._shows_withdrawn(row.reference, entry):
                seen.append(_seen(FindingKind.CHOICE_SHOWN, row))
        await findings.note(self._pool, self._keys, seen)

    async def _shows_withdrawn(self, reference: str, entry: Entry) -> bool:
        consent = await consents.standing(self._pool, reference)
        assert consent is not None  # noqa: S101 - one was withdrawn, and rows are never deleted
        gone = entries.taken_back(
            entry.attributes, self._domain, consent.withdrawn, consent.choices, self._choices
        )
        return bool(gone)


def _seen(kind: FindingKind, row: AccountRow) -> SeenFinding:
    return SeenFinding(kind, row.reference, row.reference, row.username)


def _names(entry: Entry) -> Collection[str]:
    return [name.lower() for name in entry.attributes.get("uid", [])]
