"""Checks submitted codes in the ledger, and keeps until when codes are locked."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.pin_io import CheckPin, PinOutcome, UnlockPin
    from domain.contracts.staff import UnlockSubmission
    from domain.contracts.submissions import ActivationStart, NotMeSubmission, PinSubmission
    from domain.contracts.views import Verdict
    from domain.contracts.vocabulary import Step, WaitReason
    from workflows import calls
    from workflows.step_machine import StepMachine


async def is_of_a_message(
    machine: StepMachine, reference: str, submission: NotMeSubmission
) -> bool:
    """Answer whoever did not ask for a code: whether we sent it. Closes what it was sent to."""
    request = CheckPin(
        reference=reference,
        submission_id=submission.submission_id,
        received_at=submission.received_at,
        pin=submission.pin,
        stops=True,
    )
    verdict = Verdict.WRONG
    try:
        checked = await machine.run_for_submission(calls.check_pin, request)
        if checked.outcome is PinOutcome.RIGHT:
            verdict = Verdict.ACCEPTED
    finally:
        # Also where the activation ends meanwhile: the handler waits for an answer.
        machine.answer(submission, verdict)
    return verdict is Verdict.ACCEPTED


class CodeCheck:
    """Checks codes. `tries_left` counts for the newest code; None before one was reserved."""

    def __init__(self, machine: StepMachine, start: ActivationStart) -> None:
        self.tries_left: int | None = None
        self.locked_until: datetime | None = None
        self._machine = machine
        self._reference = start.reference

    async def is_right(self, submission: PinSubmission) -> bool:
        """Check a code; replies to the submission when the code is not right."""
        if self.locked:
            self._machine.reply(Verdict.LOCKED)
            return False
        request = CheckPin(
            reference=self._reference,
            submission_id=submission.submission_id,
            received_at=submission.received_at,
            pin=submission.pin,
        )
        asked_at = workflow.now()
        checked = await self._machine.run_for_submission(calls.check_pin, request)
        self._machine.ledger_clock.learn(checked.told_at, asked_at)
        if checked.outcome is PinOutcome.RIGHT:
            self._machine.proved_by = submission.submission_id
            return True
        self.tries_left = checked.tries_left
        if checked.locked_until:
            self.lock(checked.locked_until)
        self._machine.reply(Verdict(checked.outcome.value))
        return False

    @property
    def locked(self) -> bool:
        return self._machine.ledger_clock.is_future(self.locked_until)

    def lock(self, until: datetime) -> None:
        """Refuse codes until this time of the ledger's clock."""
        self.locked_until = until
        if self._machine.step is Step.PIN and self.locked:
            self._machine.move_to(Step.PIN, WaitReason.PIN_LOCKED)

    async def unlock(self, request: UnlockSubmission) -> None:
        """Lift the lock in the ledger."""
        unlock = UnlockPin(reference=self._reference, submission_id=request.submission_id)
        await self._machine.run_for_submission(calls.unlock_pin, unlock)

    def open(self) -> None:
        """Accept codes again; codes sent before stay invalid."""
        self.locked_until, self.tries_left = None, 0
