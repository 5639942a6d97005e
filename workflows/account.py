"""The second half: the username, «Συμφωνώ», the password, and the account in the directory.

Nothing exists in the directory before the consent is recorded; a password the directory refuses,
or a name taken meanwhile, leads the student back to the page where it can be mended.
"""

from collections.abc import Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import consent
    from domain.contracts.requests import (
        AccountOutcome,
        FindStudent,
        Person,
        ProvisionAccount,
        Provisioned,
        ProvisionOutcome,
        RecordConsent,
        ResolveAccount,
    )
    from domain.contracts.submissions import (
        ActivationStart,
        ConsentSubmission,
        DisputeSubmission,
        PasswordSubmission,
        RetryRequest,
        WithdrawSubmission,
    )
    from domain.contracts.views import ReviewView, Verdict
    from domain.contracts.vocabulary import PasswordRefusal, Step, WaitReason
    from workflows import calls
    from workflows.standing import Ended, Standing

CallBack = Callable[[], None]


class Account:
    def __init__(self, standing: Standing, start: ActivationStart, person: Person) -> None:
        self.shown: ReviewView | None = None
        self.refusal: PasswordRefusal | None = None
        self._standing = standing
        self._start = start
        self._person = person
        self._taken: tuple[str, ...] = ()

    async def create(self, call_back: CallBack) -> str:
        """Return the username of the account that works; raises `Ended` when there is one already.

        `call_back` tells a student who has left that the password must be chosen again.
        """
        while True:
            username = await self._resolve_username()
            if not await self._agreed(username):
                continue
            outcome = await self._set_password(username, call_back)
            if outcome is ProvisionOutcome.ACTIVE:
                return username
            if outcome is ProvisionOutcome.USERNAME_TAKEN:
                self._taken += (username,)

    async def _resolve_username(self) -> str:
        request = ResolveAccount(
            reference=self._start.reference, person=self._person, taken=self._taken
        )
        while True:
            self.shown = None
            self._standing.stand(Step.REVIEW, None, passing=True)
            self._standing.settle()
            account = await self._standing.patiently(calls.resolve_account, request)
            match account.outcome, account.username:
                case AccountOutcome.USERNAME, str(username):
                    return username
                case AccountOutcome.ALREADY_ACTIVE, username:
                    raise Ended(Step.ALREADY_ACTIVE, username=username)
            await self._standing.park(WaitReason.USERNAME_CONFLICT)

    async def _agreed(self, username: str) -> bool:
        """«Συμφωνώ» counts for exactly what was shown, and is recorded before anything is made.

        False: the registrar, or staff, want the details shown anew.
        """
        shown = self.shown = consent.review(
            self._person, username, self._start.policy.terms_version
        )
        while True:
            self._standing.stand(Step.REVIEW, WaitReason.WAITING_CONSENT)
            self._standing.settle()
            match await self._standing.expect(ConsentSubmission, DisputeSubmission):
                case DisputeSubmission():
                    if await self._corrected():
                        return False
                case ConsentSubmission() as submission if submission.shown_hash == shown.shown_hash:
                    await self._record_consent(shown, submission)
                    return True
                case _:
                    self._standing.reply(Verdict.STALE)

    async def _record_consent(self, shown: ReviewView, submission: ConsentSubmission) -> None:
        request = RecordConsent(
            reference=self._start.reference,
            person_key=self._person.person_key,
            shown=shown,
            choices=submission.choices,
            language=submission.language,
            accepted_at=submission.received_at,
        )
        await self._standing.patiently(calls.record_consent, request)

    async def _corrected(self) -> bool:
        """Wait for the registrar's next change or staff's word; False: it was withdrawn."""
        self._standing.stand(Step.REVIEW, WaitReason.DATA_DISPUTED)
        self._standing.settle()
        while True:
            submission = await self._standing.next(
                WithdrawSubmission,
                RetryRequest,
                until=workflow.now() + self._start.policy.reread_disputed_every,
            )
            if isinstance(submission, WithdrawSubmission):
                return False
            before = self._person
            await self._reread(unless_told=True)
            if self._person != before or isinstance(submission, RetryRequest):
                return True

    async def _reread(self, unless_told: bool) -> bool:
        """Take the registrar's newest word on the person; False: there is none there any more.

        `unless_told` is the answer of a registrar that is away.
        """
        found = await calls.reread_student(typed_contact(self._start))
        persons = found.persons if found else ()
        mine = [each for each in persons if each.person_key == self._person.person_key]
        self._person = mine[0] if mine else self._person
        return bool(mine) if found else unless_told

    async def _still_as_shown(self, username: str) -> bool:
        """Days may have passed: only who is still a student, as agreed to, gets the account."""
        enrolled = await self._reread(unless_told=True)
        while not enrolled:
            await self._standing.park(WaitReason.NO_LONGER_ENROLLED)
            enrolled = await self._reread(unless_told=False)
        return self.shown == consent.review(
            self._person, username, self._start.policy.terms_version
        )

    async def _set_password(self, username: str, call_back: CallBack) -> ProvisionOutcome:
        """Provision with the password the student chose, until it works or cannot."""
        while True:
            self._standing.stand(Step.PASSWORD, WaitReason.WAITING_PASSWORD)
            submission = await self._standing.expect(PasswordSubmission)
            self.refusal = None
            self._standing.stand(Step.PROVISIONING, None)
            if not await self._still_as_shown(username):
                return ProvisionOutcome.NO_CONSENT
            made = await self._provision(username, submission.sealed_id)
            match made.outcome:
                case ProvisionOutcome.ACTIVE:
                    return made.outcome
                case ProvisionOutcome.ALREADY_ACTIVE:
                    raise Ended(Step.ALREADY_ACTIVE, username=username)
                case ProvisionOutcome.PASSWORD_REFUSED:
                    self.refusal = made.refusal
                    if made.refusal is PasswordRefusal.EXPIRED:
                        call_back()
                case _:
                    return made.outcome

    async def _provision(self, username: str, sealed_id: str) -> Provisioned:
        request = ProvisionAccount(
            reference=self._start.reference,
            person=self._person,
            username=username,
            sealed_id=sealed_id,
            language=self._start.language,
        )
        while True:
            made = await self._standing.patiently(calls.provision_account, request)
            if made.outcome is not ProvisionOutcome.CONFLICT:
                return made
            await self._standing.park(WaitReason.FOREIGN_ENTRY)


def typed_contact(start: ActivationStart) -> FindStudent:
    return FindStudent(mobile=start.mobile, email=start.email)
