"""One student's activation, from the contact form to a working account.

`run` reads as the student's steps. Every answer of the student comes through the inbox, and the
run is its only reader. The engine's own work waits for as long as its systems are away, says why,
and begins anew at once when staff say so. A clock ends an activation only while it waits for the
student.
"""

import asyncio
from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from domain import identity, insurance
    from domain.contracts.requests import (
        ClaimOutcome,
        ClaimPerson,
        CloseActivation,
        Destination,
        InsuranceOutcome,
        NoticeKind,
        Person,
        RecordInsurance,
        SendNotice,
    )
    from domain.contracts.submissions import (
        ActivationResult,
        ActivationStart,
        CancelRequest,
        ConsentSubmission,
        DisputeSubmission,
        IdentitySubmission,
        InsuranceSubmission,
        JoinedNotice,
        PasswordSubmission,
        PinSubmission,
        ResendRequest,
        RetryRequest,
        WithdrawSubmission,
    )
    from domain.contracts.views import IdentifyView, Progress, ProgressRequest, Verdict
    from domain.contracts.vocabulary import WORKFLOW, Step, WaitReason
    from workflows import calls
    from workflows.account import Account, typed_contact
    from workflows.inbox import door
    from workflows.proof import OTHER, Proof, has, reachable
    from workflows.standing import Ended, Standing, background


_NOTICES = {
    Step.ACTIVE: NoticeKind.ACTIVE,
    Step.JOINED: NoticeKind.CONTINUED,
    Step.CANCELLED: NoticeKind.CANCELLED,
}


@workflow.defn(name=WORKFLOW)
class Activation(Standing):
    submit_pin_signal, submit_pin = door("submit_pin", PinSubmission)
    resend_pin_signal, resend_pin = door("resend_pin", ResendRequest)
    identify_signal, identify = door("identify", IdentitySubmission)
    submit_insurance_signal, submit_insurance = door("submit_insurance", InsuranceSubmission)
    give_consent_signal, give_consent = door("give_consent", ConsentSubmission)
    dispute_signal, dispute = door("dispute", DisputeSubmission)
    withdraw_signal, withdraw = door("withdraw", WithdrawSubmission)
    submit_password_signal, submit_password = door("submit_password", PasswordSubmission)
    joined_signal, joined = door("joined", JoinedNotice)
    retry_signal, retry = door("retry", RetryRequest)
    cancel_signal, cancel = door("cancel", CancelRequest)

    @workflow.init
    def __init__(self, start: ActivationStart) -> None:
        super().__init__(start.policy.deadline)
        self.start = start
        self.person: Person | None = None
        self.proof: Proof | None = None
        self.asked: IdentifyView | None = None
        self.account: Account | None = None
        self.username: str | None = None
        self.holder: str | None = None
        self.notices = 0

    @workflow.run
    async def run(self, start: ActivationStart) -> ActivationResult:
        del start  # `__init__` has it: a submission may be handled before this line.
        clock = background(self.expire_when_abandoned())
        try:
            persons = await self._look_up()
            contact = await self._prove_contact(persons)
            person = await self._identify(persons, contact)
            await self._claim(person)
            await self._complete_insurance(person)
            await self._create_account(person)
            end = Step.ACTIVE
        except Ended as ended:
            end = ended.end
            self.username = ended.username
        except (asyncio.CancelledError, FailureError) as error:
            if not is_cancelled_exception(error):
                raise
            end = Step.CANCELLED
        clock.cancel()
        await self._close(end)
        return ActivationResult(end=end)

    # --- the steps -------------------------------------------------------------------------

    async def _look_up(self) -> Sequence[Person]:
        found = await self.patiently(calls.find_student, typed_contact(self.start))
        if not found.persons:
            raise Ended(Step.NOT_FOUND)
        if len(found.persons) == 1:
            self._know(found.persons[0])
        return found.persons

    async def _prove_contact(self, persons: Sequence[Person]) -> Destination:
        self.proof = Proof(self, self.start, persons)
        await self.proof.wait()
        return self.proof.destination

    async def _identify(self, persons: Sequence[Person], contact: Destination) -> Person:
        """Several persons have this contact: ask one datum, before any name is shown."""
        if len(persons) == 1:
            return persons[0]
        question = identity.question(persons)
        proven = [person for person in persons if has(person, contact)]
        while True:
            for tries in range(self.start.policy.identity_tries, 0, -1):
                self.asked = IdentifyView(question=question, tries_left=tries)
                self.stand(Step.IDENTIFY, WaitReason.WAITING_IDENTITY)
                submission = await self.expect(IdentitySubmission)
                for person in proven:
                    if submission.answer in identity.answers(question, person):
                        self._know(person)
                        return person
                self.asked = IdentifyView(question=question, tries_left=tries - 1)
                self.reply(Verdict.WRONG)
            await self.park(WaitReason.WAITING_IDENTITY)

    async def _claim(self, person: Person) -> None:
        """One live activation a person: whoever came later joins the one that is there."""
        request = ClaimPerson(
            reference=self.start.reference, person=person, language=self.start.language
        )
        while True:
            claimed = await self.patiently(calls.claim_person, request)
            match claimed.outcome, claimed.holder:
                case ClaimOutcome.ALREADY_ACTIVE, _:
                    raise Ended(Step.ALREADY_ACTIVE, username=claimed.username)
                case ClaimOutcome.HELD, str(holder):
                    if await self._reaches(holder):
                        self.holder = holder
                        raise Ended(Step.JOINED)
                    # Its run was ended from outside: what it held is let go, and claimed again.
                    dead = CloseActivation(reference=holder, end=Step.CANCELLED)
                    await self.patiently(calls.close_activation, dead)
                case _:
                    return

    async def _reaches(self, holder: str) -> bool:
        """Tell the activation that goes on; one that cannot be told has no run any more."""
        notice = JoinedNotice(submission_id=self.start.reference, received_at=workflow.now())
        try:
            await workflow.get_external_workflow_handle(holder).signal("joined", notice)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            return False
        return True

    async def _complete_insurance(self, person: Person) -> None:
        """Ask for the insurance number the registrar lacks."""
        recorded = person.insurance_number is not None
        while not recorded:
            self.stand(Step.INSURANCE, WaitReason.WAITING_INSURANCE)
            submission = await self.expect(InsuranceSubmission)
            scheme, number = submission.scheme, submission.number
            doubts = insurance.birth_warnings(scheme, number, person.birth_date)
            request = RecordInsurance(
                reference=self.start.reference,
                person_key=person.person_key,
                scheme=scheme,
                number=number,
                warnings=submission.warnings + doubts,
            )
            outcome = await self.patiently(calls.record_insurance, request)
            recorded = outcome.outcome is InsuranceOutcome.RECORDED
            if not recorded:
                await self.park(WaitReason.INSURANCE_CONFLICT)

    async def _create_account(self, person: Person) -> None:
        self.account = Account(self, self.start, person)
        self.username = await self.account.create(self._call_back)

    def _call_back(self) -> None:
        """Tell a student who has left; the page does not wait for it."""
        notice = self._notice(NoticeKind.CHOOSE_PASSWORD_AGAIN)
        if notice:
            background(calls.send_notice(notice, self.delayed))

    # --- the end ---------------------------------------------------------------------------

    async def _close(self, end: Step) -> None:
        """Release what was held, tell the student, and leave nobody without an answer."""
        self.stand(end, None)
        request = CloseActivation(reference=self.start.reference, end=end)
        await self.patiently(calls.close_activation, request)
        notice = self._notice(_NOTICES[end]) if end in _NOTICES else None
        if notice:
            await self.patiently(calls.send_notice, notice)
        self.turn_away_all()
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _notice(self, kind: NoticeKind) -> SendNotice | None:
        """Write a notice to the other contact on file where there is one; None to nobody."""
        if self.person is None or self.proof is None:
            return None
        proven = self.proof.destination
        contacts = reachable([self.person])
        to = contacts.get(OTHER[proven.channel], proven)
        self.notices += 1
        return SendNotice(
            reference=self.start.reference,
            notice_no=self.notices,
            notice=kind,
            destination=to,
            language=self.start.language,
            username=self.username,
        )

    # --- what is known ---------------------------------------------------------------------

    def _know(self, person: Person) -> None:
        self.person = person
        self.department = person.enrolments[0].department_id

    # --- what the student may see ----------------------------------------------------------

    @workflow.query(name="progress")
    def progress(self, request: ProgressRequest) -> Progress:
        del request  # It is there so that only who has the key can ask.
        return self.snapshot()

    def snapshot(self) -> Progress:
        account = self.account
        return Progress(
            reference=self.start.reference,
            step=self.step,
            wait_reason=self.reason,
            since=self.since,
            deadline_at=self.deadline_at,
            needs_insurance=self.person is not None and self.person.insurance_number is None,
            pin=self.proof.view() if self.proof and self.step is Step.PIN else None,
            identify=self.asked,
            review=account.shown if account else None,
            username=self.username,
            password_refusal=account.refusal if account else None,
            joined_to=self.holder,
        )
