"""Asks for the insurance number that the registrar lacks, which is recorded with the consent.

Until «Συμφωνώ» nothing is stored: the student, or staff, can take the number back. Once it is
recorded staff can, as long as the account is not being made.
"""

from collections.abc import Awaitable, Callable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import insurance, masks
    from domain.contracts.account_io import InsuranceAct, InsuranceOutcome, RecordInsurance
    from domain.contracts.people import Person
    from domain.contracts.staff import RereadSubmission
    from domain.contracts.submissions import InsuranceSubmission
    from domain.contracts.views import InsuranceView
    from domain.contracts.vocabulary import Step, WaitReason
    from workflows import calls
    from workflows.step_machine import StepMachine


class InsuranceStep:
    """`reread` reads the person again from the registrar, on behalf of staff.

    `again`: the number was taken back, or turned out to be another's with the consent.
    """

    def __init__(
        self,
        machine: StepMachine,
        reference: str,
        reread: Callable[[Person], Awaitable[Person]],
    ) -> None:
        self._machine = machine
        self._reference = reference
        self._reread = reread
        self._typed: RecordInsurance | None = None
        self._recorded: RecordInsurance | None = None
        self._revision = 0
        self.again = False

    @property
    def number(self) -> str | None:
        return self._typed.number if self._typed else None

    @property
    def pending(self) -> RecordInsurance | None:
        """Return what the consent has to record."""
        return self._typed if self._typed != self._recorded else None

    @property
    def view(self) -> InsuranceView | None:
        """Return what the review shows; None in runs that recorded it before the review."""
        if self._typed is None or not self._revision:
            return None
        scheme, masked = self._typed.scheme, masks.number(self._typed.number)
        return InsuranceView(scheme=scheme, masked=masked, revision=self._revision)

    async def ask_number(self, person: Person) -> Person:
        """Ask for the number, unless the registrar has it, or gets it meanwhile."""
        while self._typed is None and person.insurance_number is None:
            self._machine.move_to(Step.INSURANCE, WaitReason.WAITING_INSURANCE)
            submission = await self._machine.expect(InsuranceSubmission, RereadSubmission)
            if isinstance(submission, InsuranceSubmission):
                await self._check(person, submission)
            else:
                person = await self._reread(person)
        self.again = False
        return person

    async def _check(self, person: Person, submission: InsuranceSubmission) -> None:
        scheme, number = submission.scheme, submission.number
        doubts = insurance.birth_warnings(scheme, number, person.birth_date)
        request = RecordInsurance(
            reference=self._reference,
            person_key=person.person_key,
            other_keys=person.other_keys,
            scheme=scheme,
            number=number,
            warnings=submission.warnings + doubts,
        )
        # Older runs recorded the number here, and repeat that in a replay.
        later = workflow.patched("insurance-with-consent")
        self._revision += later
        act = InsuranceAct.CHECK if later else InsuranceAct.RECORD
        await self._settle(request, await self._do(request, act))

    async def agreed(self, outcome: InsuranceOutcome | None) -> bool:
        """Take in what became of `pending` with the consent; False if it is another person's."""
        request = self.pending
        if request is None:
            return True
        if outcome is None:  # A worker of an older version recorded the consent alone.
            outcome = await self._do(request, InsuranceAct.RECORD)
        return await self._settle(request, outcome)

    async def _settle(self, request: RecordInsurance, outcome: InsuranceOutcome) -> bool:
        """Keep the number; or let support look into it, and forget it."""
        if outcome is InsuranceOutcome.BELONGS_TO_ANOTHER:
            self._typed, self.again = None, True
            await self._machine.park(WaitReason.INSURANCE_CONFLICT)
            return False
        self._typed = request
        if outcome is InsuranceOutcome.RECORDED:
            self._recorded = request
        return True

    async def take_back(self) -> bool:
        """Forget the number, and delete it if it is recorded; False if the student typed none."""
        if self._typed is None:
            return False
        if self._recorded:
            await self._do(self._recorded, InsuranceAct.RELEASE)
        self._typed, self._recorded, self.again = None, None, True
        return True

    async def _do(self, request: RecordInsurance, act: InsuranceAct) -> InsuranceOutcome:
        request = request.model_copy(update={"act": act})
        return (await self._machine.run_until_done(calls.record_insurance, request)).outcome
