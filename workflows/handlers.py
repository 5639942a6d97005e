"""The handlers of an activation: an update and a signal of the same name per kind of submission.

An update returns once the run has handled the submission; its validator rejects before acceptance,
which leaves no event in the history. A signal is durable even with every worker down. Handlers
take `*given`: with a typed parameter, a call with no or two arguments would raise in the workflow
task and fail it for ever.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.staff import (
        CancelSubmission,
        HoldSubmission,
        ReleaseSubmission,
        RereadSubmission,
        ResolveSubmission,
        RetrySubmission,
        SendCodeSubmission,
        TakeBackInsuranceSubmission,
        UnlockSubmission,
    )
    from domain.contracts.submissions import (
        ConsentSubmission,
        DisputeSubmission,
        IdentitySubmission,
        InsuranceSubmission,
        JoinedNotice,
        NotMeSubmission,
        PasswordSubmission,
        PinSubmission,
        ResendRequest,
        RetypeInsuranceSubmission,
        WithdrawSubmission,
    )
    from domain.contracts.views import Answer
    from workflows.inbox import Inbox


class Handlers:
    """Puts submissions into the inbox; only the run takes them out."""

    inbox: Inbox

    # --- of the student -------------------------------------------------------------------------

    @workflow.update
    async def submit_pin(self, *given: object) -> Answer:
        return await self.inbox.accept(PinSubmission, given)

    @submit_pin.validator
    def _check_submit_pin(self, *given: object) -> None:
        self.inbox.check(PinSubmission, given)

    @workflow.signal(name="submit_pin")
    async def submit_pin_signal(self, *given: object) -> None:
        self.inbox.accept_signal(PinSubmission, given)

    @workflow.update
    async def resend_pin(self, *given: object) -> Answer:
        return await self.inbox.accept(ResendRequest, given)

    @resend_pin.validator
    def _check_resend_pin(self, *given: object) -> None:
        self.inbox.check(ResendRequest, given)

    @workflow.signal(name="resend_pin")
    async def resend_pin_signal(self, *given: object) -> None:
        self.inbox.accept_signal(ResendRequest, given)

    @workflow.update
    async def identify(self, *given: object) -> Answer:
        return await self.inbox.accept(IdentitySubmission, given)

    @identify.validator
    def _check_identify(self, *given: object) -> None:
        self.inbox.check(IdentitySubmission, given)

    @workflow.signal(name="identify")
    async def identify_signal(self, *given: object) -> None:
        self.inbox.accept_signal(IdentitySubmission, given)

    @workflow.update
    async def submit_insurance(self, *given: object) -> Answer:
        return await self.inbox.accept(InsuranceSubmission, given)

    @submit_insurance.validator
    def _check_submit_insurance(self, *given: object) -> None:
        self.inbox.check(InsuranceSubmission, given)

    @workflow.signal(name="submit_insurance")
    async def submit_insurance_signal(self, *given: object) -> None:
        self.inbox.accept_signal(InsuranceSubmission, given)

    @workflow.update
    async def retype_insurance(self, *given: object) -> Answer:
        return await self.inbox.accept(RetypeInsuranceSubmission, given)

    @retype_insurance.validator
    def _check_retype_insurance(self, *given: object) -> None:
        self.inbox.check(RetypeInsuranceSubmission, given)

    @workflow.signal(name="retype_insurance")
    async def retype_insurance_signal(self, *given: object) -> None:
        self.inbox.accept_signal(RetypeInsuranceSubmission, given)

    @workflow.update
    async def give_consent(self, *given: object) -> Answer:
        return await self.inbox.accept(ConsentSubmission, given)

    @give_consent.validator
    def _check_give_consent(self, *given: object) -> None:
        self.inbox.check(ConsentSubmission, given)

    @workflow.signal(name="give_consent")
    async def give_consent_signal(self, *given: object) -> None:
        self.inbox.accept_signal(ConsentSubmission, given)

    @workflow.update
    async def dispute(self, *given: object) -> Answer:
        return await self.inbox.accept(DisputeSubmission, given)

    @dispute.validator
    def _check_dispute(self, *given: object) -> None:
        self.inbox.check(DisputeSubmission, given)

    @workflow.signal(name="dispute")
    async def dispute_signal(self, *given: object) -> None:
        self.inbox.accept_signal(DisputeSubmission, given)

    @workflow.update
    async def withdraw(self, *given: object) -> Answer:
        return await self.inbox.accept(WithdrawSubmission, given)

    @withdraw.validator
    def _check_withdraw(self, *given: object) -> None:
        self.inbox.check(WithdrawSubmission, given)

    @workflow.signal(name="withdraw")
    async def withdraw_signal(self, *given: object) -> None:
        self.inbox.accept_signal(WithdrawSubmission, given)

    @workflow.update
    async def submit_password(self, *given: object) -> Answer:
        return await self.inbox.accept(PasswordSubmission, given)

    @submit_password.validator
    def _check_submit_password(self, *given: object) -> None:
        self.inbox.check(PasswordSubmission, given)

    @workflow.signal(name="submit_password")
    async def submit_password_signal(self, *given: object) -> None:
        self.inbox.accept_signal(PasswordSubmission, given)

    # --- of whoever got its message -------------------------------------------------------------

    @workflow.update
    async def not_me(self, *given: object) -> Answer:
        return await self.inbox.accept(NotMeSubmission, given)

    @not_me.validator
    def _check_not_me(self, *given: object) -> None:
        self.inbox.check(NotMeSubmission, given)

    @workflow.signal(name="not_me")
    async def not_me_signal(self, *given: object) -> None:
        self.inbox.accept_signal(NotMeSubmission, given)

    # --- of another activation ------------------------------------------------------------------

    @workflow.update
    async def joined(self, *given: object) -> Answer:
        return await self.inbox.accept(JoinedNotice, given)

    @joined.validator
    def _check_joined(self, *given: object) -> None:
        self.inbox.check(JoinedNotice, given)

    @workflow.signal(name="joined")
    async def joined_signal(self, *given: object) -> None:
        self.inbox.accept_signal(JoinedNotice, given)

    # --- of staff -------------------------------------------------------------------------------

    @workflow.update
    async def retry(self, *given: object) -> Answer:
        return await self.inbox.accept(RetrySubmission, given)

    @retry.validator
    def _check_retry(self, *given: object) -> None:
        self.inbox.check(RetrySubmission, given)

    @workflow.signal(name="retry")
    async def retry_signal(self, *given: object) -> None:
        self.inbox.accept_signal(RetrySubmission, given)

    @workflow.update
    async def send_code(self, *given: object) -> Answer:
        return await self.inbox.accept(SendCodeSubmission, given)

    @send_code.validator
    def _check_send_code(self, *given: object) -> None:
        self.inbox.check(SendCodeSubmission, given)

    @workflow.signal(name="send_code")
    async def send_code_signal(self, *given: object) -> None:
        self.inbox.accept_signal(SendCodeSubmission, given)

    @workflow.update
    async def unlock(self, *given: object) -> Answer:
        return await self.inbox.accept(UnlockSubmission, given)

    @unlock.validator
    def _check_unlock(self, *given: object) -> None:
        self.inbox.check(UnlockSubmission, given)

    @workflow.signal(name="unlock")
    async def unlock_signal(self, *given: object) -> None:
        self.inbox.accept_signal(UnlockSubmission, given)

    @workflow.update
    async def reread(self, *given: object) -> Answer:
        return await self.inbox.accept(RereadSubmission, given)

    @reread.validator
    def _check_reread(self, *given: object) -> None:
        self.inbox.check(RereadSubmission, given)

    @workflow.signal(name="reread")
    async def reread_signal(self, *given: object) -> None:
        self.inbox.accept_signal(RereadSubmission, given)

    @workflow.update
    async def resolve(self, *given: object) -> Answer:
        return await self.inbox.accept(ResolveSubmission, given)

    @resolve.validator
    def _check_resolve(self, *given: object) -> None:
        self.inbox.check(ResolveSubmission, given)

    @workflow.signal(name="resolve")
    async def resolve_signal(self, *given: object) -> None:
        self.inbox.accept_signal(ResolveSubmission, given)

    @workflow.update
    async def take_back_insurance(self, *given: object) -> Answer:
        return await self.inbox.accept(TakeBackInsuranceSubmission, given)

    @take_back_insurance.validator
    def _check_take_back_insurance(self, *given: object) -> None:
        self.inbox.check(TakeBackInsuranceSubmission, given)

    @workflow.signal(name="take_back_insurance")
    async def take_back_insurance_signal(self, *given: object) -> None:
        self.inbox.accept_signal(TakeBackInsuranceSubmission, given)

    @workflow.update
    async def hold(self, *given: object) -> Answer:
        return await self.inbox.accept(HoldSubmission, given)

    @hold.validator
    def _check_hold(self, *given: object) -> None:
        self.inbox.check(HoldSubmission, given)

    @workflow.signal(name="hold")
    async def hold_signal(self, *given: object) -> None:
        self.inbox.accept_signal(HoldSubmission, given)

    @workflow.update
    async def release(self, *given: object) -> Answer:
        return await self.inbox.accept(ReleaseSubmission, given)

    @release.validator
    def _check_release(self, *given: object) -> None:
        self.inbox.check(ReleaseSubmission, given)

    @workflow.signal(name="release")
    async def release_signal(self, *given: object) -> None:
        self.inbox.accept_signal(ReleaseSubmission, given)

    @workflow.update
    async def cancel(self, *given: object) -> Answer:
        return await self.inbox.accept(CancelSubmission, given)

    @cancel.validator
    def _check_cancel(self, *given: object) -> None:
        self.inbox.check(CancelSubmission, given)

    @workflow.signal(name="cancel")
    async def cancel_signal(self, *given: object) -> None:
        self.inbox.accept_signal(CancelSubmission, given)
