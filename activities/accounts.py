"""Activities that choose a student's username and create the account in the directory.

They change only an account that is certainly this person's; open the sealed password only with a
recorded consent; and succeed only after a bind with it. All are idempotent.
"""

from temporalio import activity

from activities import writes
from activities.errors import guarded
from activities.fencing import begin_try
from activities.metrics import ENDED
from activities.own_entries import OwnEntries
from activities.registered import Activities
from activities.resolving import Resolver
from adapters.directory import entries
from adapters.directory.port import Directory, Entry
from domain import personal
from domain.contracts.account_io import (
    AccountChecked,
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
from domain.contracts.vocabulary import ActivityName, FailureType, PasswordRefusal, Step
from domain.reasons import Reason
from ledger import activations, consents, passwords, used_again, usernames
from ledger.consents import Consent
from ledger.used_again import KeysHeld
from postgres import UNAVAILABLE, Pool
from recognition import presence
from security.keys import KeyRing
from security.sealing import NotOurs, unseal
from settings import Settings

# The serialised form of a SecretStr, which must never become a password.
_MASKED_SECRET = b"**********"


class DirectoryActivities(Activities):
    def __init__(
        self, *, pool: Pool, keys: KeyRing, settings: Settings, directory: Directory
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._domain = settings.institution.domain
        self._own = settings.institution.mail_domains
        self._country = settings.institution.code_country
        self._choices = settings.directory.choices
        self._directory = directory
        self._entries = OwnEntries(pool, keys, directory, settings.institution)
        self._resolver = Resolver(pool, keys, self._entries, settings.usernames)

    async def close(self) -> None:
        await self._directory.close()

    @activity.defn(name=ActivityName.CHECK_ACCOUNT)
    async def check_account(self, request: CheckAccount) -> AccountChecked:
        """Check whether an account that is active in the ledger still exists."""
        begin_try()
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            request, held = await used_again.with_ledger_keys(self._pool, request)
            own = await self._entries.identity(request.person, held)
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

    @activity.defn(name=ActivityName.RESOLVE_ACCOUNT)
    async def resolve_account(self, request: ResolveAccount) -> AccountResolved:
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            resolved = await self._resolver.resolve(request)
        return resolved.model_copy(update={"person_key": request.person.person_key})

    @activity.defn(name=ActivityName.PROVISION_ACCOUNT)
    async def provision_account(self, request: ProvisionAccount) -> Provisioned:
        begin_try()
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            made = await self._attempt(request)
            if made.outcome is not ProvisionOutcome.ACTIVE:
                # The closing of an earlier attempt deletes what this one needs.
                return await self._closed(request) or made
            # Not earlier: where passwords are hidden, a failed attempt would look like a success.
            await activations.provisioned(
                self._pool, self._keys, reference=request.reference, username=request.username
            )
            # A withdrawal before the account existed found nothing to delete in the directory.
            await self._take_back(request.reference, request.username)
            if request.close:
                end = Step.ACTIVE
                await activations.close(self._pool, reference=request.reference, end=end)
                ENDED.labels(end).inc()
            return made.model_copy(update={"closed": request.close})

    async def _attempt(self, request: ProvisionAccount) -> Provisioned:
        """Create the account if there are a consent and a password that may be set."""
        consent = await consents.standing(self._pool, request.reference)
        if consent is None or not consent.agreed:
            return Provisioned(outcome=ProvisionOutcome.NO_CONSENT)
        password = await self._unsealed(request)
        if password is None:
            return writes.refused(PasswordRefusal.EXPIRED)
        if password in (b"", _MASKED_SECRET):
            return writes.refused(PasswordRefusal.POLICY)
        # The portal checks this too, but not while no worker gives it the student's data.
        if personal.contained(password.decode(errors="ignore"), request.password_context):
            return writes.refused(PasswordRefusal.PERSONAL)
        request, held = await used_again.with_ledger_keys(self._pool, request)
        return await self._provision(request, held, password, consent)

    async def _closed(self, request: ProvisionAccount) -> Provisioned | None:
        """Return what the attempt that closed the activation returned; None if none did."""
        row = (await activations.noted(self._pool, [request.reference])).get(request.reference)
        if row is None or row.end is not Step.ACTIVE:
            return None
        found = await self._directory.run(self._directory.find_by_uids, [request.username])
        address = self._address(found[0], request.username) if found else None
        return Provisioned(outcome=ProvisionOutcome.ACTIVE, address=address, closed=True)

    def _address(self, entry: Entry, username: str) -> str | None:
        return entries.address_told(entry.attributes, username, self._domain, self._own)

    @activity.defn(name=ActivityName.APPLY_WITHDRAWAL)
    async def apply_withdrawal(self, request: ApplyWithdrawal) -> WithdrawalApplied:
        """Delete from the entry, if there is one, the values that withdrawn choices wrote."""
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
            gone = entries.taken_back(
                entry.attributes, self._domain, consent.withdrawn, consent.choices, self._choices
            )
            self._directory.take_away(entry, gone)

    async def _unsealed(self, request: ProvisionAccount) -> bytes | None:
        """Open the sealed password; return None if it is deleted or sealed for someone else."""
        sealed = await passwords.get(
            self._pool, reference=request.reference, sealed_id=request.sealed_id
        )
        try:
            return unseal(self._keys, request.reference, sealed) if sealed else None
        except NotOurs:
            return None

    async def _provision(
        self, request: ProvisionAccount, held: KeysHeld, password: bytes, consent: Consent
    ) -> Provisioned:
        """Create the entry and set its password, recording in the ledger first that it is sent.

        An active entry has this activation's password only if the ledger has that record, which is
        read after the entry to exclude a race with another attempt. The directory's clock and
        operational attributes are not trusted for this. The same password is not sent twice: a
        bind shows whether it is set.
        """
        run = self._directory.run
        wanted = entries.attributes(
            request.person, request.username, self._domain, request.language, self._country
        )
        more = entries.chosen(request.person, self._domain, consent.choices, self._choices)
        entry = await self._entry(request, held, wanted)
        if isinstance(entry, Provisioned):
            return entry
        active = await self._entries.is_active(request.reference, entry)
        tried = await passwords.tried(self._pool, request.reference)
        sent = tried == request.sealed_id
        if active and (
            tried is None or (sent and not await run(self._directory.can_bind, entry.dn, password))
        ):
            return Provisioned(outcome=ProvisionOutcome.ALREADY_ACTIVE)
        if not entry.adoptable:
            return writes.conflict(Reason.NOT_ADOPTED)
        await run(self._directory.complete, entry, wanted, more)
        address = self._address(entry, request.username)
        if active and sent:
            return Provisioned(outcome=ProvisionOutcome.ACTIVE, address=address)
        await passwords.note_try(
            self._pool, reference=request.reference, sealed_id=request.sealed_id
        )
        made = await run(writes.give_password, self._directory, entry.dn, password, again=sent)
        if made.outcome is ProvisionOutcome.ACTIVE:
            return made.model_copy(update={"address": address})
        return made

    async def _entry(
        self, request: ProvisionAccount, held: KeysHeld, wanted: entries.Attributes
    ) -> Entry | Provisioned:
        """Return the person's entry, added if there was none, or the conflict."""
        run, own = self._directory.run, await self._entries.identity(request.person, held)
        entry = await run(writes.own_entry, self._directory, request, own, self._domain)
        if entry:
            return entry
        await usernames.note_empty_entry(
            self._pool,
            self._keys,
            person_keys=request.person.keys,
            name=request.username,
            reference=request.reference,
        )
        return await run(writes.add, self._directory, request, own, self._domain, wanted)
