"""Has the ledger judge the codes that a student types, and knows when it takes none."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.pin_io import CheckPin, PinOutcome, UnlockPin
    from domain.contracts.staff_commands import UnlockRequest
    from domain.contracts.submissions import ActivationStart, PinSubmission
    from domain.contracts.views import Verdict
    from domain.contracts.vocabulary import Step, WaitReason
    from workflows import calls
    from workflows.step_machine import StepMachine


class CodeCheck:
    """`tries_left` are those of the newest code; None before one was reserved."""

    def __init__(self, machine: StepMachine, start: ActivationStart) -> None:
        self.tries_left: int | None = None
        self.locked_until: datetime | None = None
        self._machine = machine
        self._reference = start.reference

    async def is_right(self, submission: PinSubmission) -> bool:
        """Judge a code; one that is not right is answered here."""
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
        checked = await self._machine.judged(calls.check_pin, request)
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
        return self._machine.ledger_clock.is_to_come(self.locked_until)

    def lock(self, until: datetime) -> None:
        """Take no code until then, by the ledger's clock."""
        self.locked_until = until
        if self._machine.step is Step.PIN and self.locked:
            self._machine.stand(Step.PIN, WaitReason.PIN_LOCKED)

    async def unlock(self, request: UnlockRequest) -> None:
        """Lift the lock in the ledger."""
        unlock = UnlockPin(reference=self._reference, submission_id=request.submission_id)
        await self._machine.judged(calls.unlock_pin, unlock)

    def open(self) -> None:
        """Take codes again; none of those sent before counts."""
        self.locked_until, self.tries_left = None, 0
