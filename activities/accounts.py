"""resolve_account and provision_account: the student's name and account in the directory.

Only an account that cannot be mistaken for another person's is touched; only a recorded consent
opens the sealed password; only a bind with it counts as done. Any number of tries end the same.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from temporalio import activity

from activities import writes
from activities.errors import guarded
from activities.fencing import begin_try
from activities.records import conflict, reserve_name, wanted_names
from adapters.directory.entries import (
    Attributes,
    address_told,
    attributes,
    chosen,
    identity,
    taken_back,
)
from adapters.directory.port import Directory, Entry
from adapters.errors import AdapterError
from domain import personal
from domain import usernames as rules
from domain.accounts import Judgement, Outcome, Password
from domain.contracts.requests import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    ApplyWithdrawal,
    CheckAccount,
    Person,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    ResolveAccount,
    WithdrawalApplied,
)
from domain.contracts.vocabulary import ActivityName, FailureType, PasswordRefusal
from domain.entry_values import CODES
from domain.identities import Identity
from domain.reasons import Reason
from ledger import activations, consents, passwords, rekeyed, used_again, usernames
from ledger.consents import Consent
from ledger.usernames import Release
from postgres import UNAVAILABLE, Pool
from recognition import presence
from recognition.rekeyed import recognition
from security.keys import KeyRing
from security.sealing import NotOurs, unseal
from settings import Settings

T = TypeVar("T")
V = TypeVar("V")

GLANCE_SECONDS = 2.0
# What a SecretStr turns into when it travels; it must never become anybody's password.
_MASKED_SECRET = b"**********"


class DirectoryActivities:
    def __init__(
        self, *, pool: Pool, keys: KeyRing, settings: Settings, directory: Directory
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._policy = settings.usernames
        self._domain = settings.institution.domain
        self._own = settings.institution.mail_domains
        self._country = settings.institution.code_country
        self._choices = settings.directory.choices
        self._directory = directory

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
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            request = await used_again.widened(self._pool, request)
            own = await self._identity(request.person)
            found = await self._directory.run(
                presence.state, self._directory, own, request.username
            )
            if found.state is not AccountState.GONE:
                return found
            others = await activations.others_accounts(
                self._pool, self._keys, request.person.keys, most=presence.KNOWN_MOST
            )
            return await self._directory.run(
                presence.proved, self._directory, own, request.username, others
            )

    # --- which name ------------------------------------------------------------------------

    @activity.defn(name=ActivityName.RESOLVE_ACCOUNT)
    async def resolve_account(self, request: ResolveAccount) -> AccountResolved:
        """Choose a username; a directory that does not answer at once is left out of it.

        Where the look for the person's own entry fails, names are not asked for either: one that
        is in use may be that entry's.

        One name at a time is asked for: the directory's log shows names that come to nothing.
        The registrar's name goes to nobody else, and its owner gets no other.
        """
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            request = await used_again.widened(self._pool, request)
            names = await wanted_names(self._pool, request, self._policy)
            own = await self._glance(request, self._find_own, request.person)
            if own and own.outcome is not Outcome.FREE:
                return await self._existing(request, own)
            refused = rules.refusal(request.person.login_name, self._policy.reserved)
            if refused:
                return conflict(refused)
            while True:
                reserved = await reserve_name(self._pool, request.person, names)
                name = reserved.username
                if own is None or name is None:
                    return reserved
                if not await self._glance(request, self._in_use, name):
                    return reserved
                names.remove(name)

    async def _glance(
        self,
        request: ResolveAccount,
        look: Callable[[V], Awaitable[T]],
        value: V,
    ) -> T | None:
        """Return what the directory says of this; None when it is not to be asked, or away."""
        if not request.ask_directory:
            return None
        try:
            async with asyncio.timeout(GLANCE_SECONDS):
                return await look(value)
        except (AdapterError, TimeoutError):
            return None

    async def _find_own(self, person: Person) -> Judgement[Entry]:
        return await self._directory.run(self._directory.find_own, await self._identity(person))

    async def _in_use(self, name: str) -> list[Entry]:
        return await self._directory.run(self._directory.find_in_use, name, self._domain)

    async def _existing(self, request: ResolveAccount, found: Judgement[Entry]) -> AccountResolved:
        """Keep the entry a person has; one that is active already ends this activation.

        Unless this activation has sent a password itself.
        """
        if found.outcome is Outcome.CANNOT_TELL:
            return AccountResolved(
                outcome=AccountOutcome.CANNOT_TELL, why=found.why, of_alike=found.of_alike
            )
        nameless = any(not entry.uid for entry in found.own)
        if found.outcome is Outcome.ANOTHERS or nameless:
            why = Reason.WITHOUT_UID.of(str(found.why)) if nameless else found.why
            return conflict(str(why))
        (entry,) = found.own
        if await self._is_active(request.reference, entry) and not await passwords.tried(
            self._pool, request.reference
        ):
            return await self._told_active(request.person, entry, found)
        return await self._adopted(request, entry, found)

    async def _adopted(
        self, request: ResolveAccount, entry: Entry, found: Judgement[Entry]
    ) -> AccountResolved:
        """Keep the name of the person's entry without a password, unless it cannot be theirs."""
        refused = rules.refusal(request.person.login_name, self._policy.reserved)
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
        """Reserve the name of the person's entry, also where another key of theirs has it.

        The person's code in the entry tells that, unless somebody else has an account of the name
        or is on the way to one.
        """
        reserved = await reserve_name(self._pool, request.person, [name], found.why)
        if reserved.outcome is AccountOutcome.USERNAME or found.why != CODES:
            return reserved
        replaced = await used_again.noted(self._pool, request.reference)
        heirs = (*request.person.keys, *replaced)
        if await usernames.release(self._pool, self._keys, name, heirs) is not Release.RELEASED:
            return reserved
        return await reserve_name(self._pool, request.person, [name], found.why)

    async def _told_active(
        self, person: Person, entry: Entry, found: Judgement[Entry]
    ) -> AccountResolved:
        """End as active already, unless the ledger knows the name as another person's.

        The registrar may have given two persons one login name. A code in the entry decides.
        """
        if found.why != CODES:
            reserved = await reserve_name(self._pool, person, [entry.uid], found.why)
            if reserved.outcome is AccountOutcome.CONFLICT:
                return reserved
        return AccountResolved(outcome=AccountOutcome.ALREADY_ACTIVE, username=entry.uid)

    async def _is_active(self, reference: str, entry: Entry) -> bool:
        """Whether an entry has a password.

        Where the directory hides that, only what this activation added itself has none yet.
        """
        if entry.password is not Password.HIDDEN or not entry.made_here:
            return entry.active
        return not await usernames.has_empty_entry(self._pool, name=entry.uid, reference=reference)

    async def _identity(self, person: Person) -> Identity:
        own = replace(
            identity(person, self._domain, self._country),
            used_again=await used_again.has_any(self._pool, person.keys),
        )
        former = await rekeyed.former(self._pool, person.keys)
        return await recognition(self._pool, self._keys, self._directory, own, former)

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
            made = await self._provision(
                await used_again.widened(self._pool, request), password, consent
            )
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
        wanted = attributes(
            request.person, request.username, self._domain, request.language, self._country
        )
        more = chosen(request.person, self._domain, consent.choices, self._choices)
        entry = await self._entry(request, wanted)
        if isinstance(entry, Provisioned):
            return entry
        active = await self._is_active(request.reference, entry)
        tried = await passwords.tried(self._pool, request.reference)
        sent = tried == request.sealed_id
        if active and (
            tried is None or (sent and not await run(self._directory.can_bind, entry.dn, password))
        ):
            return Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
        if not entry.adoptable:
            return writes.conflict(Reason.NOT_ADOPTED)
        await run(self._directory.complete, entry, wanted, more)
        address = address_told(entry.attributes, request.username, self._domain, self._own)
        if active and sent:
            return Provisioned(outcome=ProvisionOutcome.ACTIVE, address=address)
        await passwords.note_try(
            self._pool, reference=request.reference, sealed_id=request.sealed_id
        )
        made = await run(writes.give_password, self._directory, entry.dn, password, again=sent)
        if made.outcome is ProvisionOutcome.ACTIVE:
            # Not before: where passwords are hidden, a try that failed would look like success.
            await usernames.forget_empty_entry(self._pool, request.username)
            return made.model_copy(update={"address": address})
        return made

    async def _entry(self, request: ProvisionAccount, wanted: Attributes) -> Entry | Provisioned:
        """Return the person's entry, added where there was none, or what stands in the way."""
        run, own = self._directory.run, await self._identity(request.person)
        entry = await run(writes.own_entry, self._directory, request, own, self._domain)
        if entry:
            return entry
        await usernames.note_empty_entry(
            self._pool,
            person_keys=request.person.keys,
            name=request.username,
            reference=request.reference,
        )
        return await run(writes.add, self._directory, request, own, self._domain, wanted)
