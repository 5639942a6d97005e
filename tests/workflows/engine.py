"""A whole outside world for workflow tests: one small class, each answer set by the test.

It registers under the real activity names; the real activities have tests of their own against
real systems.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from domain.contracts.requests import (
    AccountChecked,
    AccountOutcome,
    AccountResolved,
    AccountState,
    CheckAccount,
    CheckPin,
    Claimed,
    ClaimOutcome,
    ClaimPerson,
    CloseActivation,
    Closed,
    ConsentRecorded,
    Delivery,
    FindStudent,
    InsuranceOutcome,
    InsuranceRecorded,
    Person,
    PinChecked,
    PinOutcome,
    ProvisionAccount,
    Provisioned,
    ProvisionOutcome,
    RecordConsent,
    RecordInsurance,
    ReserveSend,
    ResolveAccount,
    SendNotice,
    SendPin,
    SendReserved,
    Sent,
    StudentsFound,
)
from domain.contracts.vocabulary import ActivityName, FailureType
from tests.people import MARIA

PERSON = MARIA

Given = TypeVar("Given")


def pin_of(code_no: int) -> str:
    return f"{code_no:06d}"


@dataclass
class World:
    """What each system answers; a list is used up one by one, its last entry for ever."""

    persons: tuple[Person, ...] = (PERSON,)
    not_before: datetime | None = None
    claims: list[Claimed] = field(default_factory=lambda: [Claimed(outcome=ClaimOutcome.CLAIMED)])
    checked: list[AccountChecked] = field(
        default_factory=lambda: [AccountChecked(state=AccountState.ACTIVE, username="maria")]
    )
    accounts: list[AccountResolved] = field(
        default_factory=lambda: [
            AccountResolved(outcome=AccountOutcome.USERNAME, username="mpapadopoulou")
        ]
    )
    insurance: list[InsuranceOutcome] = field(default_factory=lambda: [InsuranceOutcome.RECORDED])
    provisioned: list[Provisioned] = field(
        default_factory=lambda: [Provisioned(outcome=ProvisionOutcome.ACTIVE)]
    )
    deliveries: list[Delivery] = field(default_factory=lambda: [Delivery.SENT])
    failing: dict[ActivityName, int] = field(default_factory=dict)
    failure: FailureType = FailureType.LEDGER_DOWN
    permanent: bool = False
    pause: timedelta | None = None
    silent: frozenset[ActivityName] = frozenset()
    calls: list[Any] = field(default_factory=list)

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
        return StudentsFound(persons=self.persons)

    @activity.defn(name=ActivityName.RESERVE_SEND)
    async def reserve_send(self, request: ReserveSend) -> SendReserved:
        await self._answer(ActivityName.RESERVE_SEND, request)
        return SendReserved(not_before=self.not_before)

    @activity.defn(name=ActivityName.SEND_PIN)
    async def send_pin(self, request: SendPin) -> Sent:
        await self._answer(ActivityName.SEND_PIN, request)
        return Sent(outcome=_next(self.deliveries))

    @activity.defn(name=ActivityName.CHECK_PIN)
    async def check_pin(self, request: CheckPin) -> PinChecked:
        await self._answer(ActivityName.CHECK_PIN, request)
        if request.pin in map(pin_of, request.live):
            return PinChecked(outcome=PinOutcome.RIGHT)
        if request.pin in map(pin_of, request.expired):
            return PinChecked(outcome=PinOutcome.EXPIRED)
        return PinChecked(outcome=PinOutcome.WRONG)

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
        return _next(self.accounts)

    @activity.defn(name=ActivityName.RECORD_INSURANCE)
    async def record_insurance(self, request: RecordInsurance) -> InsuranceRecorded:
        await self._answer(ActivityName.RECORD_INSURANCE, request)
        return InsuranceRecorded(outcome=_next(self.insurance))

    @activity.defn(name=ActivityName.RECORD_CONSENT)
    async def record_consent(self, request: RecordConsent) -> ConsentRecorded:
        await self._answer(ActivityName.RECORD_CONSENT, request)
        return ConsentRecorded()

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
