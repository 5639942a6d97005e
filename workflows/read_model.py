"""What a student may see of an activation: the query, and the update that comes with the start."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.people import Person
    from domain.contracts.submissions import ActivationStart
    from domain.contracts.views import PinView, Progress, ProgressRequest
    from domain.contracts.vocabulary import Step, WaitReason
    from workflows import steps
    from workflows.account import AccountSteps
    from workflows.identification import Identification
    from workflows.inbox import one_payload
    from workflows.proof import Proof
    from workflows.step_machine import StepMachine


class ReadModel(StepMachine):
    """Tells the progress; the attributes are those of the activation."""

    start: ActivationStart
    person: Person | None
    proof: Proof | None
    identification: Identification | None
    account: AccountSteps | None
    username: str | None
    holder: str | None

    @workflow.query(name="progress")
    def progress(self, *given: object) -> Progress:
        one_payload(ProgressRequest, given)  # Only a caller with the keys can encode one.
        return self.snapshot()

    @workflow.update
    async def look_up(self, *given: object) -> Progress:
        """Return the progress once the look-up is done, or known to be held up.

        It comes with the start and carries nothing, so that nothing is lost with it.
        """
        one_payload(ProgressRequest, given)
        self._answers_when_settled = True
        await workflow.wait_condition(self._is_looked_up)
        return self.next_version()

    @look_up.validator
    def _check_look_up(self, *given: object) -> None:
        one_payload(ProgressRequest, given)

    def _is_looked_up(self) -> bool:
        """Whether the page that follows can be drawn: with a code, also whether one is sent."""
        if self.step is Step.LOOKUP:
            return self.reason is not None
        pin = self._pin()
        if pin is None or self.reason is not WaitReason.WAITING_PIN:
            return True
        return bool(pin.tries_left or pin.on_request or pin.spent)

    def _pin(self) -> PinView | None:
        return self.proof.view() if self.proof and self.step is Step.PIN else None

    def snapshot(self) -> Progress:
        account = self.account
        chooses = account is not None and self.step is Step.PASSWORD
        return Progress(
            reference=self.start.reference,
            step=self.step,
            wait_reason=self.reason,
            since=self.since,
            woken_by=steps.woken_by(self.step, self.reason),
            next_try_at=self.next_try_at,
            deadline_at=self.deadline_at,
            needs_insurance=self.person is not None and self.person.insurance_number is None,
            pin=self._pin(),
            identify=self.identification.view if self.identification else None,
            review=account.shown if account else None,
            review_before=account.shown_before if account else None,
            username=self.username,
            address=account.address if account else None,
            password_refusal=account.refusal if account else None,
            password_context=account.password_context if account and chooses else (),
            joined_to=self.holder,
            proved_by=self.proved_by,
            run=workflow.info().run_id,
            version=self.version,
        )
