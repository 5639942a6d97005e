"""Identifies one of the persons who share a contact by one datum; the ledger counts the tries."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import identity
    from domain.contracts.people import Destination, Person
    from domain.contracts.pin_io import AllowIdentityTries, CountIdentityTry
    from domain.contracts.submissions import ActivationStart, IdentitySubmission, Submission
    from domain.contracts.views import IdentifyView, Verdict
    from domain.contracts.vocabulary import Step, WaitReason
    from domain.destinations import has
    from workflows import calls
    from workflows.step_machine import StepMachine

_LOOK_AGAIN = timedelta(minutes=1)


class Identification:
    """Asks for the first datum that differs between the persons; `view` is what the page shows."""

    def __init__(self, machine: StepMachine, start: ActivationStart, contact: Destination) -> None:
        self.view: IdentifyView | None = None
        self._machine = machine
        self._start = start
        self._contact = contact
        self._person_keys: tuple[str, ...] = ()
        self._tries_lookups = 0

    async def ask(self, persons: Sequence[Person]) -> Person:
        """Ask until the datum of one person is given, and return that person."""
        machine = self._machine
        proven = [person for person in persons if has(person, self._contact)]
        question, shared = identity.question(persons), len(proven) > 1
        self._person_keys = tuple(sorted({key for person in proven for key in person.keys}))
        left, opens_at = await self._tries_left()
        while True:
            self.view = IdentifyView(question=question, tries_left=left, shared=shared)
            machine.move_to(Step.IDENTIFY, WaitReason.WAITING_IDENTITY)
            if left:
                submission = await machine.expect(IdentitySubmission)
                # Counted in the ledger before it is compared: this run may be reset.
                counted = await machine.run_for_submission(
                    calls.count_identity_try, self._try(submission.submission_id)
                )
                person = identity.answers_as(question, submission.answer, proven)
                if person and counted.allowed:
                    await self._give_back(submission)
                    machine.proved_by = submission.submission_id
                    return person
                left, opens_at = counted.tries_left, counted.opens_at
                self.view = IdentifyView(question=question, tries_left=left, shared=shared)
                # Beyond the limit an answer is not compared, so it is neither right nor wrong.
                machine.reply(Verdict.WRONG if counted.allowed else Verdict.LOCKED)
            if not left:
                command = await machine.park(
                    WaitReason.WAITING_IDENTITY, or_at=self._opens(opens_at)
                )
                if command:
                    request = self._allowance(command)
                    await machine.run_until_done(calls.allow_identity_tries, request)
                left, opens_at = await self._tries_left()

    async def _tries_left(self) -> tuple[int, datetime | None]:
        """Return how many tries for these persons are left, and when the next one is allowed."""
        self._tries_lookups += 1
        if not workflow.patched(f"identity-tries-left-{self._tries_lookups}"):
            return self._start.policy.identity_tries, None
        counted = await self._machine.run_until_done(calls.count_identity_try, self._try())
        return counted.tries_left, counted.opens_at

    def _opens(self, at: datetime | None) -> datetime | None:
        """Convert a time of the ledger's clock to Temporal's; at least one minute from now."""
        soonest = workflow.now() + _LOOK_AGAIN
        return max(at - self._machine.ledger_clock.ahead, soonest) if at else None

    async def _give_back(self, answer: IdentitySubmission) -> None:
        """Refund the try of a right answer: siblings answer too, and some in several browsers."""
        if workflow.patched("identity-try-given-back"):
            request = self._allowance(answer, right=True)
            await self._machine.run_for_submission(calls.allow_identity_tries, request)

    def _try(self, submission_id: str | None = None) -> CountIdentityTry:
        return CountIdentityTry(
            reference=self._start.reference,
            submission_id=submission_id,
            destination=self._contact,
            person_keys=self._person_keys,
        )

    def _allowance(self, command: Submission, *, right: bool = False) -> AllowIdentityTries:
        return AllowIdentityTries(
            reference=self._start.reference,
            submission_id=command.submission_id,
            destination=self._contact,
            person_keys=self._person_keys,
            right=right,
        )
