"""A small engine that keeps activations in memory, for tests of pages alone.

It answers as `starter.client.activations.Activations` does; a test can put an activation anywhere.
"""

from datetime import UTC, datetime, timedelta

from domain import consent, personal
from domain.contracts.channels import Channel
from domain.contracts.submissions import ActivationStart, Submission
from domain.contracts.views import Answer, IdentifyView, PinView, Progress, Verdict
from domain.contracts.vocabulary import Language, Question, Step, WaitReason
from starter.client.activations import ActivationEnded, RecordedState
from tests.people import MARIA
from workflows.steps import ENDS

MINUTE = timedelta(minutes=1)
SHOWN = consent.review(MARIA, "mpapadopoulou", "1")
OWN = personal.known_of(MARIA, SHOWN.username)

ASKED = IdentifyView(question=Question.BIRTH_DATE, tries_left=3)


def at(step: Step, reason: WaitReason | None = None, **more: object) -> Progress:
    """Return a progress as a worker would tell it."""
    now = datetime.now(UTC)
    pin = PinView(
        channel=Channel.SMS,
        destination="+30 •••••••78",
        tries_left=5,
        expires_at=now + 10 * MINUTE,
        resend_at=now - MINUTE,
        other_channels=(Channel.EMAIL,),
    )
    shown = step in (Step.REVIEW, Step.PASSWORD, Step.PROVISIONING, Step.ACTIVE)
    told: dict[str, object] = {
        "reference": "A-7K3F-92QD",
        "step": step,
        "wait_reason": reason,
        "since": now,
        "language": Language.EL,
        "needs_insurance": True,
        "pin": pin if step is Step.PIN else None,
        "identify": ASKED if step is Step.IDENTIFY else None,
        "review": SHOWN if shown else None,
        "password_context": OWN if step is Step.PASSWORD else (),
        "username": SHOWN.username if step in (Step.ACTIVE, Step.ALREADY_ACTIVE) else None,
    }
    return Progress.model_validate(told | more)


class MemoryEngine:
    """`worker` False is a stopped worker: nothing answers, and everything is still taken in.

    `queries` counts how often it was asked for the progress; starts and answers are not counted.
    """

    def __init__(self) -> None:
        self.activations: dict[str, Progress] = {}
        self.started: list[ActivationStart] = []
        self.submitted: list[tuple[str, Submission]] = []
        self.asked_for_help: list[str] = []
        self.answered: list[str] = []
        self.next: list[tuple[Verdict, Progress | None]] = []
        self.first = at(Step.PIN, WaitReason.WAITING_PIN)
        self.worker = True
        self.away: Exception | None = None
        self.terminated = False
        self.next_try_at: datetime | None = None
        self.failed_by: WaitReason | None = None
        self.queries = 0

    def put(self, reference: str, progress: Progress) -> None:
        self.activations[reference] = progress.model_copy(update={"reference": reference})

    async def start(self, start: ActivationStart) -> bool:
        self._reach()
        if start.reference in self.activations:
            return False
        self.started.append(start)
        self.put(start.reference, self.first)
        return True

    async def look_up(self, start: ActivationStart, *, within: timedelta) -> Progress | None:
        del within
        await self.start(start)
        return await self.progress(start.reference)

    async def submit(
        self, reference: str, name: str, submission: Submission, *, within: timedelta
    ) -> Answer | None:
        del within
        self._reach()
        if self.activations[reference].step in ENDS:
            raise ActivationEnded(reference, self.activations[reference].step)
        self.submitted.append((name, submission))
        if not self.worker:
            return None
        verdict, progress = self.next.pop(0) if self.next else (Verdict.ACCEPTED, None)
        if progress:
            proves = name in ("submit_pin", "identify") and verdict is Verdict.ACCEPTED
            before = self.activations[reference].proved_by
            proof = submission.submission_id if proves else before
            self.put(reference, progress.model_copy(update={"proved_by": proof}))
        return Answer(verdict=verdict, progress=self.activations[reference])

    async def progress(self, reference: str) -> Progress | None:
        self.queries += 1
        self._reach()
        answers = self.worker and not self.terminated
        return self.activations.get(reference) if answers else None

    async def recorded_state(self, reference: str) -> RecordedState | None:
        self._reach()
        known = self.activations.get(reference)
        if known and self.terminated:
            raise ActivationEnded(reference, known.step)
        if known is None:
            return None
        reason = self.failed_by or known.wait_reason
        return RecordedState(known.step, reason, self.next_try_at, known.since)

    async def mail_support_request(self, request_id: str) -> None:
        self._reach()
        self.asked_for_help.append(request_id)

    async def mail_support_answer(self, request_id: str) -> None:
        self._reach()
        self.answered.append(request_id)

    def _reach(self) -> None:
        if self.away:
            raise self.away
