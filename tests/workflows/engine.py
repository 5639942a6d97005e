"""A whole outside world for workflow tests: one small class, each answer set by the test.

It registers under the real activity names; the real activities have tests of their own against
real systems.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.codes import CodeBook
from domain.contracts.account_io import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    CheckAccount,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    CloseActivation,
    Closed,
    ConsentRecorded,
    InsuranceAct,
    InsuranceOutcome,
    InsuranceRecorded,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    RecordConsent,
    RecordInsurance,
    ResolveAccount,
)
from domain.contracts.message_io import (
    Delivery,
    ReserveSend,
    SendNotice,
    SendPin,
    SendReserved,
    Sent,
)
from domain.contracts.people import FindStudent, Person, StudentsFound
from domain.contracts.pin_io import (
    AllowIdentityTries,
    CheckPin,
    CountIdentityTry,
    IdentityTriesAllowed,
    IdentityTryCounted,
    PinChecked,
    PinOutcome,
    PinUnlocked,
    UnlockPin,
)
from domain.contracts.submissions import Policy
from domain.contracts.vocabulary import ActivityName, FailureType, Purse, SpentPurse
from tests.people import MARIA

PERSON = MARIA

Given = TypeVar("Given")


def pin_of(code_no: int) -> str:
    return f"{code_no:06d}"


async def real_time() -> datetime:
    return datetime.now(UTC)


@dataclass
class World:
    """What each system answers; a list is used up one by one, its last entry for ever."""

    persons: tuple[Person, ...] = (PERSON,)
    too_many: bool = False
    not_before: datetime | None = None
    staff_may: bool = True
    kept_at: datetime | None = None
    claims: list[Claimed] = field(default_factory=lambda: [Claimed(outcome=ClaimOutcome.CLAIMED)])
    checked: list[AccountChecked] = field(
        default_factory=lambda: [AccountChecked(state=AccountState.ACTIVE, username="maria")]
    )
    accounts: list[AccountResolved] = field(
        default_factory=lambda: [
            AccountResolved(outcome=AccountOutcome.USERNAME, username="mpapadopoulou")
        ]
    )
    insurance: list[InsuranceOutcome] = field(default_factory=lambda: [InsuranceOutcome.FREE])
    agreed_insurance: list[InsuranceOutcome | None] = field(
        default_factory=lambda: [InsuranceOutcome.RECORDED]
    )
    provisioned: list[Provisioned] = field(
        default_factory=lambda: [Provisioned(outcome=ProvisionOutcome.ACTIVE)]
    )
    deliveries: list[Delivery] = field(default_factory=lambda: [Delivery.SENT])
    failing: dict[ActivityName, int] = field(default_factory=dict)
    failure: str = FailureType.LEDGER_DOWN
    permanent: bool = False
    pause: timedelta | None = None
    silent: frozenset[ActivityName] = frozenset()
    calls: list[Any] = field(default_factory=list)
    clock: Callable[[], Awaitable[datetime]] = real_time
    tells_time: bool = True
    books: dict[str, tuple[CodeBook, dict[str, PinChecked]]] = field(default_factory=dict)
    sends: dict[str, dict[tuple[str, int], int | None]] = field(default_factory=dict)
    identity_tries: dict[str, dict[str, datetime]] = field(default_factory=dict)

    def _kept(self, reference: str) -> tuple[CodeBook, dict[str, PinChecked]]:
        """Return the codes of an activation, and what became of each submission."""
        return self.books.setdefault(reference, (CodeBook(Policy()), {}))

    def _told(self, now: datetime) -> datetime | None:
        """Return the ledger's time for an answer, which a worker of before did not tell."""
        return now if self.tells_time else None

    def made(self, kind: type) -> list[Any]:
        return [call for call in self.calls if isinstance(call, kind)]

    async def _answer(self, name: ActivityName, request: Any) -> None:
        """Note the call, and fail as often, or be silent as long, as the test asked for."""
        self.calls.append(request)
        if name in self.silent:
            await asyncio.Event().wait()
        left = self.failing.get(name, 0)
        if left:
            self.failing[name] = left - 1
            raise ApplicationError(
                "away",
                type=self.failure,
                non_retryable=self.permanent,
                next_retry_delay=self.pause,
            )

    def all(self) -> list[Callable[..., Any]]:
        return [
            self.find_student,
            self.reserve_send,
            self.send_pin,
            self.check_pin,
            self.unlock_pin,
            self.count_identity_try,
            self.allow_identity_tries,
            self.claim_person,
            self.check_account,
            self.resolve_account,
            self.record_insurance,
            self.record_consent,
            self.provision_account,
            self.send_notice,
            self.close_activation,
        ]

    @activity.defn(name=ActivityName.FIND_STUDENT)
    async def find_student(self, request: FindStudent) -> StudentsFound:
        await self._answer(ActivityName.FIND_STUDENT, request)
        return StudentsFound(
            persons=() if self.too_many else self.persons,
            too_many=self.too_many,
            short=activity.info().is_local,
        )

    @activity.defn(name=ActivityName.RESERVE_SEND)
    async def reserve_send(self, request: ReserveSend) -> SendReserved:
        await self._answer(ActivityName.RESERVE_SEND, request)
        now, (book, _) = await self.clock(), self._kept(request.reference)
        told = self._told(now)
        if book.locked(now):
            return SendReserved(told_at=told, locked_until=book.locked_until)
        sends = self.sends.setdefault(request.reference, {})
        asked = (str(activity.info().workflow_run_id), request.request_no)
        if not self._may(request.purse, now) and asked not in sends:
            return SendReserved(
                told_at=told,
                not_before=self.not_before,
                spent=SpentPurse.CONTACT,
                kept_at=self.kept_at,
                tries_left=book.tries_left(now),
            )
        code_no = sends.get(asked)
        if not request.carries_code:
            sends[asked] = None
            return SendReserved(told_at=told, send_no=len(sends))
        if code_no is None or not book.worth_sending(code_no, now):
            sends[asked] = code_no = book.to_send(len(sends) + 1, asked[0], now)
        return SendReserved(
            told_at=told,
            send_no=[*sends].index(asked) + 1,
            code_no=code_no,
            valid_for=book.life_left(code_no, now),
            tries_left=book.tries_left(now),
        )

    def _may(self, purse: Purse, now: datetime) -> bool:
        if purse is Purse.STAFF:
            return self.staff_may
        kept = purse is Purse.KEPT and self.kept_at is not None and self.kept_at <= now
        return self.not_before is None or kept

    @activity.defn(name=ActivityName.SEND_PIN)
    async def send_pin(self, request: SendPin) -> Sent:
        await self._answer(ActivityName.SEND_PIN, request)
        outcome = _next(self.deliveries)
        book, _ = self._kept(request.reference)
        code = next(code for code in book.codes if code.number == request.code_no)
        if outcome is Delivery.SENT:
            code.handed_over_at = code.handed_over_at or await self.clock()
        at = book.expires_at(code.number)
        return Sent(told_at=self._told(await self.clock()), outcome=outcome, expires_at=at)

    @activity.defn(name=ActivityName.CHECK_PIN)
    async def check_pin(self, request: CheckPin) -> PinChecked:
        await self._answer(ActivityName.CHECK_PIN, request)
        now, (book, known) = await self.clock(), self._kept(request.reference)
        if request.submission_id not in known:
            known[request.submission_id] = self._judge(request, book, now)
        return known[request.submission_id]

    def _judge(self, request: CheckPin, book: CodeBook, now: datetime) -> PinChecked:
        told = self._told(now)
        if request.stops:
            right = request.pin in {pin_of(code.number) for code in book.codes}
            return PinChecked(outcome=PinOutcome.RIGHT if right else PinOutcome.WRONG)
        at = book.judging_time(request.received_at, now)
        if book.locked(now) or not book.live(at):
            locked = PinOutcome.LOCKED if book.locked(now) else PinOutcome.EXPIRED
            return PinChecked(told_at=told, outcome=locked, locked_until=book.locked_until)
        if request.pin in map(pin_of, book.live(at)):
            return PinChecked(told_at=told, outcome=PinOutcome.RIGHT)
        if request.pin in map(pin_of, book.dead(at)):
            return PinChecked(
                told_at=told, outcome=PinOutcome.EXPIRED, tries_left=book.tries_left(at)
            )
        book.count(at)
        book.lock_if_spent(now)
        until = book.locked_until if book.locked(now) else None
        outcome = PinOutcome.LOCKED if until else PinOutcome.WRONG
        left = book.tries_left(at)
        return PinChecked(told_at=told, outcome=outcome, tries_left=left, locked_until=until)

    @activity.defn(name=ActivityName.UNLOCK_PIN)
    async def unlock_pin(self, request: UnlockPin) -> PinUnlocked:
        await self._answer(ActivityName.UNLOCK_PIN, request)
        self._kept(request.reference)[0].unlock()
        return PinUnlocked()

    @activity.defn(name=ActivityName.COUNT_IDENTITY_TRY)
    async def count_identity_try(self, request: CountIdentityTry) -> IdentityTryCounted:
        await self._answer(ActivityName.COUNT_IDENTITY_TRY, request)
        tried = self.identity_tries.setdefault(str(request.destination), {})
        now, limit = await self.clock(), Policy().identity_tries
        if request.submission_id in tried:
            return IdentityTryCounted(allowed=True, tries_left=limit - len(tried))
        live = sorted(at for at in tried.values() if at > now - timedelta(days=1))
        if len(live) == limit:
            opens_at = live[0] + timedelta(days=1)
            return IdentityTryCounted(allowed=False, tries_left=0, opens_at=opens_at)
        if request.submission_id is not None:
            live.append(now)
            tried[request.submission_id] = now
        return IdentityTryCounted(
            allowed=True,
            tries_left=limit - len(live),
            opens_at=live[0] + timedelta(days=1) if len(live) == limit else None,
        )

    @activity.defn(name=ActivityName.ALLOW_IDENTITY_TRIES)
    async def allow_identity_tries(self, request: AllowIdentityTries) -> IdentityTriesAllowed:
        await self._answer(ActivityName.ALLOW_IDENTITY_TRIES, request)
        tried = self.identity_tries.setdefault(str(request.destination), {})
        for each in [request.submission_id] if request.right else [*tried]:
            tried.pop(each, None)
        return IdentityTriesAllowed()

    @activity.defn(name=ActivityName.CLAIM_PERSON)
    async def claim_person(self, request: ClaimPerson) -> Claimed:
        await self._answer(ActivityName.CLAIM_PERSON, request)
        return _next(self.claims)

    @activity.defn(name=ActivityName.CHECK_ACCOUNT)
    async def check_account(self, request: CheckAccount) -> AccountChecked:
        await self._answer(ActivityName.CHECK_ACCOUNT, request)
        return _next(self.checked)

    @activity.defn(name=ActivityName.RESOLVE_ACCOUNT)
    async def resolve_account(self, request: ResolveAccount) -> AccountResolved:
        await self._answer(ActivityName.RESOLVE_ACCOUNT, request)
        resolved = _next(self.accounts)
        return resolved.model_copy(update={"person_key": request.person.person_key})

    @activity.defn(name=ActivityName.RECORD_INSURANCE)
    async def record_insurance(self, request: RecordInsurance) -> InsuranceRecorded:
        await self._answer(ActivityName.RECORD_INSURANCE, request)
        free = request.act is InsuranceAct.RELEASE
        return InsuranceRecorded(outcome=InsuranceOutcome.FREE if free else _next(self.insurance))

    @activity.defn(name=ActivityName.RECORD_CONSENT)
    async def record_consent(self, request: RecordConsent) -> ConsentRecorded:
        await self._answer(ActivityName.RECORD_CONSENT, request)
        return ConsentRecorded(
            insurance=_next(self.agreed_insurance) if request.insurance else None
        )

    @activity.defn(name=ActivityName.PROVISION_ACCOUNT)
    async def provision_account(self, request: ProvisionAccount) -> Provisioned:
        await self._answer(ActivityName.PROVISION_ACCOUNT, request)
        return _next(self.provisioned)

    @activity.defn(name=ActivityName.SEND_NOTICE)
    async def send_notice(self, request: SendNotice) -> Sent:
        await self._answer(ActivityName.SEND_NOTICE, request)
        return Sent(outcome=Delivery.SENT)

    @activity.defn(name=ActivityName.CLOSE_ACTIVATION)
    async def close_activation(self, request: CloseActivation) -> Closed:
        await self._answer(ActivityName.CLOSE_ACTIVATION, request)
        return Closed()


def _next(answers: list[Given]) -> Given:
    return answers.pop(0) if len(answers) > 1 else answers[0]
