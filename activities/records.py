"""Activities on the ledger: claims of persons, consents, rate limits of messages, and the end.

They need no directory; a username is chosen here only if the directory did not answer.
"""

from collections.abc import Sequence

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import insurance
from activities.errors import failure, guarded
from activities.metrics import ENDED
from activities.registered import Activities
from adapters.errors import Unavailable
from domain import usernames as rules
from domain.contracts.account_io import (
    AccountOutcome,
    AccountResolved,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    CloseActivation,
    Closed,
    ConsentRecorded,
    InsuranceOutcome,
    RecordConsent,
    ResolveAccount,
)
from domain.contracts.message_io import ReserveSend, SendReserved
from domain.contracts.people import Person
from domain.contracts.vocabulary import OVER, ActivityName, FailureType, Step
from domain.reasons import Reason
from ledger import (
    activations,
    claims,
    consents,
    messages,
    rekeyed,
    told_apart,
    used_again,
    usernames,
)
from ledger.activations import ActiveAccount
from postgres import UNAVAILABLE, Pool
from recognition.rekeyed import account_of, known
from security.keys import KeyRing
from settings import Settings
from settings.rules import Usernames

_ROUNDS = 5


class LedgerActivities(Activities):
    def __init__(self, *, pool: Pool, keys: KeyRing, settings: Settings) -> None:
        self._pool = pool
        self._keys = keys
        self._settings = settings

    @activity.defn(name=ActivityName.RESERVE_SEND)
    async def reserve_send(self, request: ReserveSend) -> SendReserved:
        run_id = activity.info().workflow_run_id
        assert run_id is not None  # noqa: S101 - only workflows ask for messages
        limits = messages.Limits(self._settings.send_budget, self._settings.policy)
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await self._end_if_over(request.reference)
            return await messages.reserve(self._pool, self._keys, request, run_id, limits)

    async def _end_if_over(self, reference: str) -> None:
        """Raise a failure by which the run ends if its activation is over.

        Who reaches Temporal can start a run again. An erased activation would be filled anew, and
        its person get messages.
        """
        if await activations.is_over(self._pool, reference):
            raise ApplicationError("the activation is over", type=OVER, non_retryable=True)

    @activity.defn(name=ActivityName.CLAIM_PERSON)
    async def claim_person(self, request: ClaimPerson) -> Claimed:
        """Claim the person, or return the live activation that holds them; void ended holders."""
        reference = request.reference
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            await self._end_if_over(reference)
            found = await known(self._pool, self._keys, request.person, request.gone, reference)
            if found.another and not request.apart:
                return Claimed(outcome=ClaimOutcome.NUMBER_OF_ANOTHER)
            person = found.person
            if found.another:
                await told_apart.note_keys(self._pool, person, found.others)
            await rekeyed.note(self._pool, person.person_key, found.same)
            if found.account:
                await used_again.note(self._pool, reference, found.own_keys)
                return _active(found.account)
            told = await claims.note_and_claim(
                self._pool,
                self._keys,
                reference=reference,
                person=person,
                own_keys=found.own_keys,
                language=request.language,
            )
            held = claims.keys_of(self._keys, person, found.own_keys)
            for _ in range(_ROUNDS):
                rivals = sorted(told.holders - {reference})
                if not rivals:
                    # A rival may have ended, active, between `known` and the claim.
                    account = told.has_account and await account_of(
                        self._pool, self._keys, person, found.former, request.gone
                    )
                    if account:
                        await claims.release(self._pool, reference)
                        return _active(account)
                    return Claimed(outcome=ClaimOutcome.CLAIMED)
                for rival in rivals:
                    if await activations.alive(self._pool, rival):
                        return Claimed(outcome=ClaimOutcome.HELD, holder=rival)
                    await claims.release(self._pool, rival)
                told = await claims.claim(
                    self._pool, reference=reference, keys=held, person_keys=person.keys
                )
        raise failure(Unavailable(FailureType.LEDGER_DOWN, "claim is contended"))

    @activity.defn(name=ActivityName.RESOLVE_ACCOUNT)
    async def resolve_account(self, request: ResolveAccount) -> AccountResolved:
        """Choose a username without the directory; provisioning checks whether it is free."""
        if request.ask_directory:
            return AccountResolved(outcome=AccountOutcome.ELSEWHERE)
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            resolved = await self._resolve(request)
        return resolved.model_copy(update={"person_key": request.person.person_key})

    async def _resolve(self, request: ResolveAccount) -> AccountResolved:
        policy = self._settings.usernames
        person = request.person
        refused = rules.refusal(person.login_name, policy.reserved, shared=person.login_of_several)
        if refused:
            return conflict(refused)
        request, _ = await used_again.with_ledger_keys(self._pool, request)
        await told_apart.note_rows(self._pool, request.person, request.apart)
        names = await wanted_names(self._pool, request, policy)
        return await reserve_name(self._pool, self._keys, request.person, names)

    @activity.defn(name=ActivityName.RECORD_CONSENT)
    async def record_consent(self, request: RecordConsent) -> ConsentRecorded:
        """Store the consent, and with it the insurance number that was typed, or neither."""
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            if request.insurance is None:
                await consents.record(self._pool, self._keys, request)
                return ConsentRecorded()
            number = await insurance.with_own_keys(self._pool, request.insurance)
            async with self._pool.acquire() as ledger, ledger.transaction():
                told = await insurance.outcome(ledger, self._keys, number)
                if told is InsuranceOutcome.RECORDED:
                    await consents.record(ledger, self._keys, request)
        return ConsentRecorded(insurance=told)

    @activity.defn(name=ActivityName.CLOSE_ACTIVATION)
    async def close_activation(self, request: CloseActivation) -> Closed:
        """Record the end, delete the sealed password, and release the person."""
        reference = request.reference
        with guarded(FailureType.LEDGER_DOWN, UNAVAILABLE):
            if request.end is Step.ALREADY_ACTIVE and request.username:
                await activations.found_active(
                    self._pool, self._keys, reference=reference, username=request.username
                )
            else:
                await activations.close(self._pool, reference=reference, end=request.end)
        ENDED.labels(request.end).inc()
        return Closed()


def _active(account: ActiveAccount) -> Claimed:
    return Claimed(
        outcome=ClaimOutcome.ALREADY_ACTIVE,
        username=account.username,
        activated_by=account.reference,
    )


async def wanted_names(pool: Pool, request: ResolveAccount, policy: Usernames) -> list[str]:
    """Return the usernames to try, best first: only the registrar's, else reserved and generated.

    The registrar's is tried although it was `taken`: it may have been given to the person since.
    """
    person = request.person
    if person.login_name:
        return [person.login_name]
    made = rules.candidates(
        person.first_name_latin,
        person.last_name_latin,
        person.enrolments[0].registration_id,
        policy.patterns,
        policy.reserved,
    )
    held = await usernames.held_by(pool, *person.keys)
    names = dict.fromkeys(name for name in (held, *made) if name)
    return [name for name in names if name not in request.taken]


async def reserve_name(
    pool: Pool, keys: KeyRing, person: Person, names: Sequence[str], of_entry: str | None = None
) -> AccountResolved:
    """Reserve the first name that nobody else has, or return the conflict if there is none.

    `of_entry` is the rule by which an entry of this name is the person's.
    """
    name = await usernames.reserve(
        pool, keys, person_key=person.person_key, candidates=names, other_keys=person.other_keys
    )
    if name is not None:
        return AccountResolved(outcome=AccountOutcome.USERNAME, username=name)
    if of_entry and person.login_name not in names:
        return conflict(Reason.RESERVED_FOR_ANOTHER.of(of_entry))
    return conflict(Reason.LOGIN_IN_USE if person.login_name else Reason.NO_NAME_LEFT)


def conflict(why: str) -> AccountResolved:
    return AccountResolved(outcome=AccountOutcome.CONFLICT, why=why)
