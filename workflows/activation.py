"""One student's activation, from the contact form to a working account.

`run` reads as the student's steps. Every answer of the student comes through the inbox, and the
run is its only reader. The engine's own work waits for as long as its systems are away, says why,
and begins anew at once when staff say so. A clock ends an activation only while it waits for the
student.
"""

import asyncio
from functools import partial

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import consent
    from domain.contracts import (
        WORKFLOW,
        AccountOutcome,
        ActivationResult,
        ActivationStart,
        ClaimOutcome,
        ClaimPerson,
        CloseActivation,
        ConsentSubmission,
        FindStudent,
        InsuranceOutcome,
        InsuranceSubmission,
        NoticeKind,
        PasswordRefusal,
        PasswordSubmission,
        Person,
        PinSubmission,
        Progress,
        ProgressRequest,
        ProvisionAccount,
        Provisioned,
        ProvisionOutcome,
        RecordConsent,
        RecordInsurance,
        ResendRequest,
        ResolveAccount,
        RetryRequest,
        ReviewView,
        SendNotice,
        Step,
        Verdict,
        WaitReason,
    )
    from workflows import calls
    from workflows.inbox import door
    from workflows.proof import OTHER, Proof, on_file
    from workflows.standing import Ended, Standing, background


@workflow.defn(name=WORKFLOW)
class Activation(Standing):
    submit_pin_signal, submit_pin = door("submit_pin", PinSubmission)
    resend_pin_signal, resend_pin = door("resend_pin", ResendRequest)
    submit_insurance_signal, submit_insurance = door("submit_insurance", InsuranceSubmission)
    give_consent_signal, give_consent = door("give_consent", ConsentSubmission)
    submit_password_signal, submit_password = door("submit_password", PasswordSubmission)
    retry_signal, retry = door("retry", RetryRequest)

    @workflow.init
    def __init__(self, start: ActivationStart) -> None:
        super().__init__(start.policy.deadline)
        self.start = start
        self.person: Person | None = None
        self.proof: Proof | None = None
        self.shown: ReviewView | None = None
        self.refusal: PasswordRefusal | None = None
        self.username: str | None = None
        self.holder: str | None = None
        self.notices = 0

    @workflow.run
    async def run(self, start: ActivationStart) -> ActivationResult:
        del start  # `__init__` has it: a submission may be handled before this line.
        clock = background(self.expire_when_abandoned())
        try:
            person = await self._look_up()
            await self._prove_contact(person)
            await self._claim(person)
            await self._complete_insurance(person)
            await self._create_account(person)
            end = Step.ACTIVE
        except Ended as ended:
            end = ended.end
        except asyncio.CancelledError:
            end = Step.CANCELLED
        clock.cancel()
        await self._close(end)
        return ActivationResult(end=end)

    # --- the steps -------------------------------------------------------------------------

    async def _look_up(self) -> Person:
        request = FindStudent(mobile=self.start.mobile, email=self.start.email)
        while True:
            found = await self.patiently(lambda: calls.find_student(request, self.delayed))
            match found.persons:
                case ():
                    raise Ended(Step.NOT_FOUND)
                case (person,):
                    self.person = person
                    self.department = person.enrolments[0].department_id
                    return person
            await self.park(WaitReason.UNDELIVERABLE)

    async def _prove_contact(self, person: Person) -> None:
        self.proof = Proof(self, self.start, person)
        await self.proof.wait()

    async def _claim(self, person: Person) -> None:
        """One live activation a person: whoever came later joins the one that is there."""
        request = ClaimPerson(
            reference=self.start.reference, person=person, language=self.start.language
        )
        claimed = await self.patiently(lambda: calls.claim_person(request, self.delayed))
        match claimed.outcome:
            case ClaimOutcome.HELD:
                self.holder = claimed.holder
                raise Ended(Step.JOINED)
            case ClaimOutcome.ALREADY_ACTIVE:
                self.username = claimed.username
                raise Ended(Step.ALREADY_ACTIVE)

    async def _complete_insurance(self, person: Person) -> None:
        """Ask for the insurance number the registrar lacks."""
        recorded = person.insurance_number is not None
        while not recorded:
            self.stand(Step.INSURANCE, WaitReason.WAITING_INSURANCE)
            submission = await self.expect(InsuranceSubmission)
            request = RecordInsurance(
                reference=self.start.reference,
                person_key=person.person_key,
                scheme=submission.scheme,
                number=submission.number,
                warnings=submission.warnings,
            )
            outcome = await self.patiently(partial(calls.record_insurance, request, self.delayed))
            recorded = outcome.outcome is InsuranceOutcome.RECORDED
            if not recorded:
                await self.park(WaitReason.INSURANCE_CONFLICT)

    async def _create_account(self, person: Person) -> None:
        """Review, password, provisioning; a name taken meanwhile leads back to the review."""
        taken: tuple[str, ...] = ()
        while True:
            username = await self._resolve_username(person, taken)
            await self._review(person, username)
            outcome = await self._set_password(person, username)
            if outcome is ProvisionOutcome.ACTIVE:
                return
            if outcome is ProvisionOutcome.USERNAME_TAKEN:
                taken += (username,)

    async def _resolve_username(self, person: Person, taken: tuple[str, ...]) -> str:
        request = ResolveAccount(reference=self.start.reference, person=person, taken=taken)
        while True:
            self.shown = None
            self.stand(Step.REVIEW, None, passing=True)
            account = await self.patiently(lambda: calls.resolve_account(request, self.delayed))
            match account.outcome, account.username:
                case AccountOutcome.USERNAME, str(username):
                    return username
                case AccountOutcome.ALREADY_ACTIVE, username:
                    self.username = username
                    raise Ended(Step.ALREADY_ACTIVE)
            await self.park(WaitReason.USERNAME_CONFLICT)

    async def _review(self, person: Person, username: str) -> None:
        """«Συμφωνώ» counts for exactly what was shown, and is recorded before anything is made."""
        shown = self.shown = consent.review(person, username, self.start.policy.terms_version)
        while True:
            self.stand(Step.REVIEW, WaitReason.WAITING_CONSENT)
            submission = await self.expect(ConsentSubmission)
            if submission.shown_hash == shown.shown_hash:
                break
            self.reply(Verdict.STALE)
        request = RecordConsent(
            reference=self.start.reference,
            person_key=person.person_key,
            shown=shown,
            choices=submission.choices,
            language=submission.language,
            accepted_at=submission.received_at,
        )
        await self.patiently(lambda: calls.record_consent(request, self.delayed))

    async def _set_password(self, person: Person, username: str) -> ProvisionOutcome:
        """Provision with the password the student chose, until it works or cannot."""
        while True:
            self.stand(Step.PASSWORD, WaitReason.WAITING_PASSWORD)
            submission = await self.expect(PasswordSubmission)
            self.refusal = None
            self.stand(Step.PROVISIONING, None)
            made = await self._provision(person, username, submission.sealed_id)
            match made.outcome:
                case ProvisionOutcome.ACTIVE:
                    self.username = username
                    return made.outcome
                case ProvisionOutcome.PASSWORD_REFUSED:
                    self.refusal = made.refusal
                    if made.refusal is PasswordRefusal.EXPIRED:
                        await self._announce(NoticeKind.CHOOSE_PASSWORD_AGAIN)
                case _:
                    return made.outcome

    async def _provision(self, person: Person, username: str, sealed_id: str) -> Provisioned:
        request = ProvisionAccount(
            reference=self.start.reference,
            person=person,
            username=username,
            sealed_id=sealed_id,
            language=self.start.language,
        )
        while True:
            made = await self.patiently(lambda: calls.provision_account(request, self.delayed))
            if made.outcome is not ProvisionOutcome.CONFLICT:
                return made
            await self.park(WaitReason.FOREIGN_ENTRY)

    # --- the end ---------------------------------------------------------------------------

    async def _close(self, end: Step) -> None:
        """Release what was held, tell the student, and leave nobody without an answer."""
        self.stand(end, None)
        request = CloseActivation(reference=self.start.reference, end=end)
        await self.patiently(lambda: calls.close_activation(request, self.delayed))
        if end is Step.ACTIVE:
            await self._announce(NoticeKind.ACTIVE)
        self.turn_away_all()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _announce(self, kind: NoticeKind) -> None:
        """Send a notice to the other contact on file, where there is one."""
        person, proof = self.person, self.proof
        if person is None or proof is None:
            return
        to = on_file(person, OTHER[proof.channel]) or on_file(person, proof.channel)
        if to is None:
            return
        self.notices += 1
        await calls.send_notice(
            SendNotice(
                reference=self.start.reference,
                notice_no=self.notices,
                notice=kind,
                destination=to,
                language=self.start.language,
                username=self.username,
            )
        )

    # --- what the student may see ----------------------------------------------------------

    @workflow.query(name="progress")
    def progress(self, request: ProgressRequest) -> Progress:
        del request  # It is there so that only who has the key can ask.
        return self.snapshot()

    def snapshot(self) -> Progress:
        return Progress(
            reference=self.start.reference,
            step=self.step,
            wait_reason=self.reason,
            since=self.since,
            deadline_at=self.deadline_at,
            language=self.start.language,
            needs_insurance=self.person is not None and self.person.insurance_number is None,
            pin=self.proof.view() if self.proof and self.step is Step.PIN else None,
            review=self.shown,
            username=self.username,
            password_refusal=self.refusal,
            joined_to=self.holder,
        )
