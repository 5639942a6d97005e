"""One student's activation, from the contact form to a working account.

`run` lists the student's steps. Every submission comes through the inbox, and only the run reads
it. Engine work waits while its systems are unavailable, publishes why, and restarts at once on
staff's retry. The deadline runs, and expires an activation, only while it waits for the student.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.contracts.account_io import (
        AccountState,
        CheckAccount,
        Claimed,
        ClaimOutcome,
        ClaimPerson,
        CloseActivation,
    )
    from domain.contracts.message_io import NoticeKind, SendNotice
    from domain.contracts.people import Destination, Person
    from domain.contracts.staff import RetrySubmission
    from domain.contracts.submissions import (
        ActivationResult,
        ActivationStart,
        JoinedNotice,
        NotMeSubmission,
    )
    from domain.contracts.views import Verdict
    from domain.contracts.vocabulary import WORKFLOW, Step, WaitReason
    from domain.destinations import other_contact, reachable
    from workflows import calls, steps
    from workflows.account import AccountSteps, typed_contact
    from workflows.code_check import is_of_a_message
    from workflows.handlers import Handlers
    from workflows.identification import Identification
    from workflows.inbox import one_payload
    from workflows.insured import InsuranceStep
    from workflows.joining import Joining, notify_joined
    from workflows.proof import Proof
    from workflows.read_model import ReadModel
    from workflows.tasks import background, fire_and_forget


_NOTICES = {
    Step.ACTIVE: NoticeKind.ACTIVE,
    Step.JOINED: NoticeKind.CONTINUED,
    Step.CANCELLED: NoticeKind.CANCELLED,
}


@workflow.defn(name=WORKFLOW)
class Activation(Handlers, ReadModel):
    @workflow.init
    def __init__(self, *given: object) -> None:
        start = one_payload(ActivationStart, given)
        super().__init__(start.policy, start.utc_offset)
        self.start = start
        self.person: Person | None = None
        self.proof: Proof | None = None
        self.identification: Identification | None = None
        self.account: AccountSteps | None = None
        self.insurance = InsuranceStep(self, start.reference, self._reread)
        self.username: str | None = None
        self.holder: str | None = None
        self.ended_for: WaitReason | None = None
        self.begun_again = False
        self.notices = 0
        self.last_notice: SendNotice | None = None

    @workflow.run
    async def run(self, *given: object) -> ActivationResult:
        del given  # Read in `__init__`: a submission may be handled before this line.
        clock = background(self.clock.run())
        try:
            persons = await self.supervised(self._look_up)
            contact = await self.supervised(self._prove_contact, persons)
            person = await self.supervised(self._identify, persons, contact)
            person = await self.supervised(self._claim, person)
            person = await self.supervised(self.insurance.ask_number, person)
            await self.supervised(self._create_account, person)
            end = Step.ACTIVE
        except steps.Ended as ended:
            end = ended.end
            self.username = ended.username
            self.begun_again = ended.again
        except asyncio.CancelledError:
            end = Step.CANCELLED
        if not self.is_short:
            clock.cancel()  # Needless: a timer ends with its run.
        await self._finish(end)
        return ActivationResult(end=self.step)

    # --- the steps -------------------------------------------------------------------------

    async def _look_up(self) -> Sequence[Person]:
        found = await self.run_until_done(calls.find_student, typed_contact(self.start))
        if found.short or workflow.patched("short-course"):
            self.looked_up_at = workflow.now()
        if found.too_many:
            self.ended_for = WaitReason.SHARED_BY_MANY
        if not found.persons:
            raise steps.Ended(Step.NOT_FOUND)
        if len(found.persons) == 1 and not self.start.always_ask:
            self._set_person(found.persons[0])
        return found.persons

    async def _prove_contact(self, persons: Sequence[Person]) -> Destination:
        """Prove a contact by a code; after hours of look-up send GO_ON, as a code would expire."""
        self.proof = self.proof or Proof(self, self.start, persons)
        left = workflow.now() - workflow.info().start_time > self.start.policy.pin_ttl
        if left:
            self.run_in_background(self._invite(self.proof))
        await self.proof.wait(on_request=left)
        return self.proof.destination

    async def _invite(self, proof: Proof) -> None:
        if await proof.may_invite():
            await calls.send_notice(self._notice(NoticeKind.GO_ON, proof.destination), self.delayed)

    async def _identify(self, persons: Sequence[Person], contact: Destination) -> Person:
        """Ask for one datum before a name is shown, where several persons may have this contact.

        Also where somebody else has the other contact that was typed: this one may be theirs now.
        """
        if len(persons) == 1 and not self.start.always_ask:
            return persons[0]
        self.identification = self.identification or Identification(self, self.start, contact)
        person = await self.identification.ask(persons)
        self._set_person(person)
        return person

    async def _claim(self, person: Person) -> Person:
        """Claim the person: one live activation per person, which a later one joins.

        Returns the person, as the registrar has it now where staff had to look into a conflict.
        """
        gone, apart = None, False
        while True:
            request = ClaimPerson(
                reference=self.start.reference,
                person=person,
                language=self.start.language,
                gone=gone,
                apart=apart,
            )
            claimed = await self.run_until_done(calls.claim_person, request)
            match claimed.outcome, claimed.holder:
                case ClaimOutcome.ALREADY_ACTIVE, _:
                    gone = await self._check_lost_account(person, claimed)
                case ClaimOutcome.HELD, str(holder):
                    if await self.run_until_done(notify_joined, self._joining(holder)):
                        self.holder = holder
                        raise steps.Ended(Step.JOINED)
                    # Its run was terminated from outside: close it, and claim again.
                    dead = CloseActivation(reference=holder, end=Step.CANCELLED)
                    await self.run_until_done(calls.close_activation, dead)
                case ClaimOutcome.NUMBER_OF_ANOTHER, _:
                    command = await self.park(WaitReason.INSURANCE_CONFLICT)
                    looked_into = isinstance(command, RetrySubmission) and not command.of_many
                    # If the secretariat did not correct the number, these are two persons.
                    with suppress(calls.RereadFailed):
                        before, person = person.insurance_number, await self._newest(person)
                        apart = looked_into and before == person.insurance_number
                case _:
                    return person

    async def _newest(self, person: Person) -> Person:
        """Read the person again from the registrar; raises `RereadFailed`."""
        newest = await calls.reread_student(typed_contact(self.start), person) or person
        self._set_person(newest)
        return newest

    async def _check_lost_account(self, person: Person, claimed: Claimed) -> str | None:
        """Return which activation made the account that is deleted; raises `Ended` if it exists.

        A deleted account is created again on staff's retry, or at once if the policy says so.
        """
        reference, name = self.start.reference, claimed.username
        assert name is not None  # noqa: S101 - set for an active account
        request = CheckAccount(reference=reference, person=person, username=name)
        confirmed = self.start.policy.recreate_missing == "automatic"
        while True:
            checked = await self.run_until_done(calls.check_account, request)
            match checked.state:
                case AccountState.ACTIVE:
                    raise steps.Ended(Step.ALREADY_ACTIVE, username=checked.username)
                case AccountState.FOREIGN:
                    await self.park(WaitReason.FOREIGN_ENTRY)
                case AccountState.GONE if not confirmed:
                    await self.park(WaitReason.ACCOUNT_GONE)
                    confirmed = True
                case _:
                    return claimed.activated_by

    def _joining(self, holder: str) -> Joining:
        notice = JoinedNotice(submission_id=self.start.reference, received_at=workflow.now())
        return Joining(holder, notice)

    async def _reread(self, person: Person) -> Person:
        try:
            newest = await calls.reread_student(typed_contact(self.start), person)
        except calls.RereadFailed:
            self.reply(Verdict.AWAY)
            return person
        self.accept()
        if newest and newest.insurance_number:
            self._set_person(newest)
            # The number is one more key of the person, which another activation may have claimed.
            newest = await self._claim(newest)
        return newest or person

    async def _create_account(self, person: Person) -> None:
        self.account = AccountSteps(self, self.start, person, self.insurance)
        self.username = await self.account.create()

    async def stop_if_right(self, submission: NotMeSubmission) -> None:
        """Stop at the code of one of our messages, unless the account is being made."""
        right = await is_of_a_message(self, self.start.reference, submission)
        if right and self.step in steps.CANCELLABLE:
            self.ended_for = WaitReason.NOT_ME
            raise steps.Ended(Step.CANCELLED)

    def remind(self) -> bool:
        """Send a reminder, but never to an unproved contact; returns whether it was sent."""
        proved = self.step is not Step.PIN
        if proved:
            self.write(NoticeKind.REMINDER)
        return proved

    def write(self, kind: NoticeKind) -> None:
        assert self.proof is not None  # noqa: S101 - only called when a contact was proved
        fire_and_forget(calls.send_notice(self._notice(kind, self.proof.destination), self.delayed))

    # --- the end ---------------------------------------------------------------------------

    async def _finish(self, end: Step) -> None:
        """Close, and again after each interruption, so that the claim is always released."""
        while True:
            try:
                return await self.supervised(self._close, end)
            except steps.Ended as ended:
                end = ended.end
            except asyncio.CancelledError:
                end = self.step if self.step in steps.ENDS else Step.CANCELLED

    async def _close(self, end: Step) -> None:
        """Release the claim, notify the student, and answer every pending submission."""
        self.move_to(end, self.ended_for)
        if not (self.account and self.account.closed):
            reference, username = self.start.reference, self.username
            request = CloseActivation(reference=reference, end=end, username=username)
            await self.run_until_done(calls.close_activation, request)
            self.move_to(end, self.ended_for)  # Clears the wait reason of a delayed close.
        self.last_notice = self.last_notice or self._last_notice(end)
        if self.last_notice:
            await self.run_until_done(calls.send_notice, self.last_notice)
        # Submissions that still arrive are answered "out of step".
        await self.next(or_when=workflow.all_handlers_finished)

    def _last_notice(self, end: Step) -> SendNotice | None:
        """Return the notice of this end: to the other contact, or after a long wait."""
        if self.begun_again:
            return None
        to = self._other_contact()
        if end in _NOTICES and to and self.ended_for is None:
            return self._notice(_NOTICES[end], to)
        if (
            end is Step.ALREADY_ACTIVE
            and self.proof
            and self.proved_by
            and self.wait.is_long
            and workflow.patched("last-notice-after-a-long-wait")
        ):
            return self._notice(NoticeKind.ALREADY_ACTIVE, self.proof.destination)
        return None

    def _other_contact(self) -> Destination | None:
        """Return another contact on file, which a thief of the proved one lacks, else that one."""
        if self.person is None or self.proof is None:
            return None
        proven = self.proof.destination
        contacts = reachable([self.person], channels=self.start.channels)
        return other_contact(contacts, proven) or proven

    def _notice(self, kind: NoticeKind, to: Destination) -> SendNotice:
        self.notices += 1
        return SendNotice(
            reference=self.start.reference,
            notice_no=self.notices,
            notice=kind,
            destination=to,
            language=self.start.language,
            username=self.username,
            address=self.account.address if self.account else None,
        )

    # --- the person ------------------------------------------------------------------------

    def _set_person(self, person: Person) -> None:
        self.person = person
        self.department = person.enrolments[0].department_id

    # --- unknown signals -------------------------------------------------------------------

    @workflow.signal(dynamic=True)
    def unknown(self, name: str, given: Sequence[RawValue]) -> None:
        """Drop a signal of another name, which Temporal's SDK would keep until the run ends."""
