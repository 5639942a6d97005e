"""Runs the last steps: the username, «Συμφωνώ», the password, and the directory account.

Nothing is created in the directory before the consent is recorded. A refused password, or a
username taken meanwhile, leads the student back to the page where it can be changed.
"""

from contextlib import suppress

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import consent, personal
    from domain.contracts.account_io import (
        AccountOutcome,
        ProvisionAccount,
        Provisioned,
        ProvisionOutcome,
        RecordConsent,
        ResolveAccount,
    )
    from domain.contracts.message_io import NoticeKind
    from domain.contracts.people import Enrolment, FindStudent, Person
    from domain.contracts.staff import (
        RereadSubmission,
        ResolveSubmission,
        RetrySubmission,
        TakeBackInsuranceSubmission,
    )
    from domain.contracts.submissions import (
        ActivationStart,
        ConsentSubmission,
        DisputeSubmission,
        PasswordSubmission,
        RetypeInsuranceSubmission,
        WithdrawSubmission,
    )
    from domain.contracts.views import ReviewView, Verdict
    from domain.contracts.vocabulary import PasswordRefusal, Step, WaitReason
    from workflows import calls
    from workflows.insured import InsuranceStep
    from workflows.step_machine import StepMachine
    from workflows.steps import Ended

_TAKES_BACK = (RetypeInsuranceSubmission, TakeBackInsuranceSubmission)


class AccountSteps:
    """The steps from username to account; `insurance` has the number that the student typed."""

    def __init__(
        self,
        machine: StepMachine,
        start: ActivationStart,
        person: Person,
        insurance: InsuranceStep,
    ) -> None:
        self.shown: ReviewView | None = None
        self._answered: ReviewView | None = None
        self.refusal: PasswordRefusal | None = None
        self.address: str | None = None
        self.closed = False
        self._machine = machine
        self._start = start
        self._person = person
        self._insurance = insurance
        self._taken: tuple[str, ...] = ()
        self._distinct: tuple[Enrolment, ...] = ()
        self._conflicts = 0

    @property
    def shown_before(self) -> ReviewView | None:
        """Return the details that the student last answered, or saw first, if they differ now.

        The insurance number does not count, because the student typed it.
        """
        before, now = self._answered, self.shown
        if before is None or now is None:
            return None
        typed = {"insurance": now.insurance, "shown_hash": now.shown_hash}
        return None if before.model_copy(update=typed) == now else before

    @property
    def password_context(self) -> tuple[str, ...]:
        """Return the names and numbers that the password must not contain."""
        username = self.shown.username if self.shown else ""
        typed = self._insurance.number, self._start.mobile
        return personal.known_of(self._person, username, typed)

    async def create(self) -> str:
        """Create the account and return its username; raises `Ended` if one is already active."""
        while True:
            if self._insurance.again:
                self._person = await self._machine.supervised(
                    self._insurance.ask_number, self._person
                )
            username = await self._machine.supervised(self._resolve_username)
            if not await self._machine.supervised(self._obtain_consent, username):
                continue
            outcome = await self._set_password(username)
            if outcome is ProvisionOutcome.ACTIVE:
                return username
            if outcome is ProvisionOutcome.USERNAME_TAKEN:
                self._taken += (username,)

    async def _resolve_username(self) -> str:
        self.shown = None
        return await self._choose_name(Step.REVIEW)

    async def _choose_name(self, step: Step) -> str:
        """Choose the username at this step; a conflict waits for staff."""
        apart: tuple[Enrolment, ...] = ()
        while True:
            reason = WaitReason.USERNAME_CONFLICT
            request = ResolveAccount(
                reference=self._start.reference,
                person=self._person,
                taken=self._taken,
                apart=apart,
            )
            self._machine.move_to(step, None, publish=False)
            self._machine.accept_if_settled()
            resolve = calls.resolve_nearby if self._machine.is_short else calls.resolve_account
            account = await self._machine.run_until_done(resolve, request)
            match account.outcome, account.username:
                case AccountOutcome.USERNAME, str(username):
                    return username
                case AccountOutcome.ALREADY_ACTIVE, username:
                    raise Ended(Step.ALREADY_ACTIVE, username=username)
                case AccountOutcome.CANNOT_TELL, _:
                    reason = WaitReason.FOREIGN_ENTRY
            command, apart = await self._machine.park(reason), ()
            looked_into = isinstance(command, RetrySubmission) and not command.of_many
            # The secretariat may have changed the name meanwhile, or merged the rows.
            with suppress(calls.RereadFailed):
                before, self._person = self._person, await self._reread() or self._person
                if account.of_alike and looked_into and self._person.alike == before.alike:
                    apart = before.alike
                    self._distinct += apart
                    self._person = self._without_distinct(self._person)

    async def _obtain_consent(self, username: str) -> bool:
        """Wait for «Συμφωνώ» to exactly what was shown, and record it before anything is created.

        Returns False if the details must be shown again, after a change or at staff's request.
        """
        shown = self.shown = self._review(username)
        self._answered = self._answered or shown
        changed = False
        while not changed:
            self._machine.move_to(Step.REVIEW, WaitReason.WAITING_CONSENT)
            self._machine.accept()
            match await self._machine.expect(
                ConsentSubmission, DisputeSubmission, RereadSubmission, *_TAKES_BACK
            ):
                case DisputeSubmission():
                    self._answered = shown
                    changed = await self._await_correction()
                case RereadSubmission():
                    changed = await self._has_changed()
                case RetypeInsuranceSubmission() | TakeBackInsuranceSubmission():
                    changed = await self._number_taken_back()
                case ConsentSubmission() as submission if submission.shown_hash == shown.shown_hash:
                    self._answered = shown
                    return await self._record_consent(shown, submission)
                case _:
                    self._machine.reply(Verdict.STALE)
        return False

    async def _record_consent(self, shown: ReviewView, submission: ConsentSubmission) -> bool:
        """Record the consent with the typed insurance number; False if that is another's."""
        request = RecordConsent(
            reference=self._start.reference,
            person_key=self._person.person_key,
            shown=shown,
            choices=consent.kept(shown, submission.choices),
            language=submission.language,
            accepted_at=submission.received_at,
            insurance=self._insurance.pending,
        )
        recorded = await self._machine.run_until_done(calls.record_consent, request)
        return await self._insurance.agreed(recorded.insurance)

    async def _number_taken_back(self) -> bool:
        """Take the typed insurance number back; refuse it if the registrar's is used."""
        taken = await self._insurance.take_back()
        if not taken:
            self._machine.reply(Verdict.OUT_OF_STEP)
        return taken

    async def _await_correction(self) -> bool:
        """Wait until the disputed data change or staff resolve it; False: the student withdrew it.

        A retry reads the registrar again; only `resolve` ends a dispute without a change.
        """
        self._machine.move_to(Step.REVIEW, WaitReason.DATA_DISPUTED)
        self._machine.accept()
        while True:
            submission = await self._machine.next(
                WithdrawSubmission,
                RetrySubmission,
                RereadSubmission,
                ResolveSubmission,
                TakeBackInsuranceSubmission,
                until=workflow.now() + self._start.policy.reread_disputed_every,
            )
            if isinstance(submission, WithdrawSubmission):
                return False
            taken = isinstance(submission, TakeBackInsuranceSubmission) and (
                await self._number_taken_back()
            )
            resolved = isinstance(submission, ResolveSubmission)
            if resolved:
                self._machine.accept()
            if taken or await self._has_changed() or resolved:
                self._machine.wait.require(NoticeKind.GO_ON)
                return True

    async def _has_changed(self) -> bool:
        """Read the registrar again, and return whether the person changed.

        Replies AWAY to a staff request while the registrar is unavailable.
        """
        before = self._person
        try:
            self._person = await self._reread() or before
        except calls.RereadFailed:
            self._machine.reply(Verdict.AWAY)
        self._machine.accept()
        return self._person != before

    async def _reread(self) -> Person | None:
        newest = await calls.reread_student(typed_contact(self._start), self._person)
        return newest and self._without_distinct(newest)

    def _without_distinct(self, person: Person) -> Person:
        """Leave out the similar enrolments that staff found to be of other people."""
        alike = tuple(each for each in person.alike if each not in self._distinct)
        return person.model_copy(update={"alike": alike})

    def _looked_up_lately(self) -> bool:
        at = self._machine.looked_up_at
        return at is not None and workflow.now() - at < self._start.policy.registrar_fresh_for

    async def _unchanged_since_consent(self, username: str) -> bool:
        """Re-read the registrar, as days may have passed since the consent, and compare.

        Parks while the person is no longer a student; returns whether the details agreed to hold.
        """
        enrolled: Person | None = self._person
        with suppress(calls.RereadFailed):
            enrolled = await self._reread()
        while enrolled is None:
            await self._machine.park(WaitReason.NO_LONGER_ENROLLED)
            with suppress(calls.RereadFailed):
                enrolled = await self._reread()
        self._person = enrolled
        return self._matches_consent(username)

    def _matches_consent(self, username: str) -> bool:
        return self.shown == self._review(username)

    def _review(self, username: str) -> ReviewView:
        terms = self._start.policy.terms_version
        return consent.review(self._person, username, terms, self._insurance.view)

    async def _set_password(self, username: str) -> ProvisionOutcome:
        """Ask for a password and provision, again while the directory refuses the password."""
        while True:
            sealed_id = await self._machine.supervised(self._await_password)
            if sealed_id is None:
                return ProvisionOutcome.NO_CONSENT
            outcome = await self._machine.supervised(self._provision_account, username, sealed_id)
            if outcome is not ProvisionOutcome.PASSWORD_REFUSED:
                return outcome

    async def _await_password(self) -> str | None:
        """Return the id of the chosen password; None if staff took the insurance number back."""
        while True:
            self._machine.move_to(Step.PASSWORD, WaitReason.WAITING_PASSWORD)
            submission = await self._machine.expect(PasswordSubmission, TakeBackInsuranceSubmission)
            if isinstance(submission, PasswordSubmission):
                self.refusal = None
                return submission.sealed_id
            if await self._number_taken_back():
                return None

    async def _provision_account(self, username: str, sealed_id: str) -> ProvisionOutcome:
        self._machine.move_to(Step.PROVISIONING, None)
        if not (self._looked_up_lately() or await self._unchanged_since_consent(username)):
            return ProvisionOutcome.NO_CONSENT
        made = await self._provision(username, sealed_id)
        self.address, self.closed = made.address, made.closed
        if made.outcome is ProvisionOutcome.ALREADY_ACTIVE:
            raise Ended(Step.ALREADY_ACTIVE, username=username)
        if made.outcome is ProvisionOutcome.PASSWORD_REFUSED:
            self.refusal = made.refusal
            if made.refusal is PasswordRefusal.EXPIRED:
                self._machine.wait.require(NoticeKind.CHOOSE_PASSWORD_AGAIN)
        return made.outcome

    async def _provision(self, username: str, sealed_id: str) -> Provisioned:
        """Create the account; after a conflict and staff's retry, choose the username again."""
        while True:
            request = ProvisionAccount(
                reference=self._start.reference,
                person=self._person,
                username=username,
                sealed_id=sealed_id,
                language=self._start.language,
                password_context=self.password_context,
                close=self._machine.is_short,
            )
            made = await self._machine.run_until_done(calls.provision_account, request)
            if made.outcome is not ProvisionOutcome.CONFLICT:
                return made
            await self._machine.park(WaitReason.FOREIGN_ENTRY)
            self._conflicts += 1
            # Each conflict has a patch id of its own, because older runs repeated the request.
            if workflow.patched(f"name-after-conflict-{self._conflicts}") and not (
                await self._reconfirm(username)
            ):
                return Provisioned(outcome=ProvisionOutcome.NO_CONSENT)

    async def _reconfirm(self, username: str) -> bool:
        """Read the registrar and choose the username again; False: a new consent is needed."""
        return (
            await self._unchanged_since_consent(username)
            and await self._choose_name(Step.PROVISIONING) == username
            and self._matches_consent(username)
        )


def typed_contact(start: ActivationStart) -> FindStudent:
    return FindStudent(mobile=start.mobile, email=start.email)
