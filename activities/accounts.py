"""resolve_account and provision_account: the student's name and account in the directory.

Only an account that cannot be mistaken for another person's is touched; only a recorded consent
opens the sealed password; only a bind with it counts as done. Any number of tries end the same.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import presence, writes
from activities.directory import Directory, Entry, begin_try
from activities.entries import attributes, chosen, codes, taken_back
from activities.failures import guarded
from activities.records import reserve_name, wanted_names
from domain import personal
from domain import usernames as rules
from domain.contracts.requests import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    ApplyWithdrawal,
    CheckAccount,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    ResolveAccount,
    WithdrawalApplied,
)
from domain.contracts.vocabulary import ActivityName, FailureType, PasswordRefusal
from ledger import activations, consents, passwords
from ledger.consents import Consent
from ledger.pool import UNAVAILABLE, Pool
from security.keys import KeyRing
from security.sealing import NotOurs, unseal
from settings import Settings

_GLANCE_SECONDS = 1.0
# What a SecretStr turns into when it travels; it must never become anybody's password.
_MASKED_SECRET = b"**********"


class DirectoryActivities:
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._pool = pool
        self._keys = keys
        self._policy = settings.usernames
        self._domain = settings.institution.domain
        self._choices = settings.directory.choices
        self._directory = Directory(settings.directory)

    def all(self) -> list[Callable[..., Any]]:
        return [
            self.check_account,
            self.resolve_account,
            self.provision_account,
            self.apply_withdrawal,
        ]

    async def close(self) -> None:
        await self._directory.close()

    # --- whether it is there ---------------------------------------------------------------

    @activity.defn(name=ActivityName.CHECK_ACCOUNT)
    async def check_account(self, request: CheckAccount) -> AccountChecked:
        """Tell whether an account that the ledger calls active still exists."""
        begin_try()
        own = codes(request.person, self._domain)
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            found = await self._directory.run(
                presence.state, self._directory, own, request.username
            )
            if found.state is not AccountState.GONE:
                return found
            known = await activations.others_accounts(
                self._pool, self._keys, request.person.person_key, most=presence.KNOWN_MOST
            )
            return await self._directory.run(
                presence.proved, self._directory, own, request.username, known
            )

    # --- which name ------------------------------------------------------------------------

    @activity.defn(name=ActivityName.RESOLVE_ACCOUNT)
    async def resolve_account(self, request: ResolveAccount) -> AccountResolved:
        """Choose a username; a directory that does not answer at once is left out of it.

        One name at a time is asked for: the directory's log shows names that come to nothing.
        The registrar's name goes to nobody else, and its owner gets no other.
        """
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            names = await wanted_names(self._pool, request, self._policy)
            own = await self._glance(
                request, self._directory.find_by_codes, codes(request.person, self._domain)
            )
            if own:
                return await self._existing(request, own)
            while True:
                reserved = await reserve_name(self._pool, request.person, names)
                name = reserved.username
                if name is None or not await self._glance(
                    request, self._directory.find_by_uids, [name]
                ):
                    return reserved
                names.remove(name)

    async def _glance(
        self,
        request: ResolveAccount,
        look: Callable[[Sequence[str]], list[Entry]],
        values: Sequence[str],
    ) -> list[Entry]:
        """Return what the directory has of these values; nothing when it is not to be asked."""
        if not request.ask_directory:
            return []
        try:
            async with asyncio.timeout(_GLANCE_SECONDS):
                return await self._directory.run(look, values)
        except (ApplicationError, TimeoutError):
            return []

    async def _existing(self, request: ResolveAccount, own: list[Entry]) -> AccountResolved:
        """Keep the entry a person has; one that is active already ends this activation.

        Unless this activation has sent a password itself.
        """
        conflict = AccountResolved(outcome=AccountOutcome.CONFLICT)
        entry, *others = own
        if others:
            return conflict
        if entry.active and not await passwords.tried(self._pool, request.reference):
            return AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username=entry.uid)
        login_name = request.person.login_name
        foreseen = login_name if login_name and rules.is_valid(login_name) else entry.uid
        if foreseen != entry.uid or not rules.is_valid(entry.uid) or not entry.adoptable:
            return conflict
        return await reserve_name(self._pool, request.person, [entry.uid])

    # --- the account -----------------------------------------------------------------------

    @activity.defn(name=ActivityName.PROVISION_ACCOUNT)
    async def provision_account(self, request: ProvisionAccount) -> Provisioned:
        begin_try()
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            consent = await consents.standing(self._pool, request.reference)
            if consent is None or not consent.agreed:
                return Provisioned(outcome=ProvisionOutcome.NO_CONSENT)
            password = await self._unsealed(request)
            if password is None:
                return writes.refused(PasswordRefusal.EXPIRED)
            if password in (b"", _MASKED_SECRET):
                return writes.refused(PasswordRefusal.POLICY)
            # The portal looks too, but knows nothing of the student while no worker answers it.
            if personal.contained(password.decode(errors="ignore"), request.password_context):
                return writes.refused(PasswordRefusal.PERSONAL)
            made = await self._provision(request, password, consent)
            if made.outcome is ProvisionOutcome.ACTIVE:
                await activations.provisioned(
                    self._pool,
                    self._keys,
                    reference=request.reference,
                    username=request.username,
                )
                # A choice may have been withdrawn meanwhile, by somebody who found no account yet.
                await self._take_back(request.reference, request.username)
            return made

    @activity.defn(name=ActivityName.APPLY_WITHDRAWAL)
    async def apply_withdrawal(self, request: ApplyWithdrawal) -> WithdrawalApplied:
        """Take what withdrawn choices wrote out of the entry, if there is one."""
        begin_try()
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            username = await activations.username(self._pool, self._keys, request.reference)
            if username:
                await self._take_back(request.reference, username)
        return WithdrawalApplied()

    async def _take_back(self, reference: str, username: str) -> None:
        consent = await consents.standing(self._pool, reference)
        if consent and consent.withdrawn:
            await self._directory.run(self._take_away, username, consent)

    def _take_away(self, username: str, consent: Consent) -> None:
        for entry in self._directory.find_by_uids([username]):
            gone = taken_back(
                entry.attributes, self._domain, consent.withdrawn, consent.choices, self._choices
            )
            self._directory.take_away(entry, gone)

    async def _unsealed(self, request: ProvisionAccount) -> bytes | None:
        """Open the sealed password; one that is gone, or was sealed for another, is no password."""
        sealed = await passwords.get(
            self._pool, reference=request.reference, sealed_id=request.sealed_id
        )
        try:
            return unseal(self._keys, request.reference, sealed) if sealed else None
        except NotOurs:
            return None

    async def _provision(
        self, request: ProvisionAccount, password: bytes, consent: Consent
    ) -> Provisioned:
        """Make the entry and give it the password, which is noted before it is sent.

        An entry that is active has a password of this activation's only when one was noted: read
        after the look, so that no other try can come between. No clock of the directory's and no
        attribute of its own is trusted for that. The same password is not sent twice: the bind
        tells whether it is there.
        """
        run = self._directory.run
        wanted = attributes(request.person, request.username, self._domain, request.language)
        more = chosen(request.person, self._domain, consent.choices, self._choices)
        entry = await run(writes.entry, self._directory, request, wanted)
        if isinstance(entry, Provisioned):
            return entry
        tried = await passwords.tried(self._pool, request.reference) if entry.active else None
        sent = tried == request.sealed_id
        if entry.active and (
            tried is None or (sent and not await run(self._directory.opens, entry.dn, password))
        ):
            return Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
        if not entry.adoptable:
            return writes.CONFLICT
        await run(self._directory.complete, entry, wanted, more)
        if sent:
            return Provisioned(outcome=ProvisionOutcome.ACTIVE)
        await passwords.note_try(
            self._pool, reference=request.reference, sealed_id=request.sealed_id
        )
        return await run(writes.give_password, self._directory, entry.dn, password)
