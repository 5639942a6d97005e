"""Answers submissions: the student's when the engine's own work for them is over, staff's at once.

An accepted submission of the student has its answer when the student or staff are awaited, when
the activation ends, or when the engine turns out to be delayed. Until then the portal waits for
the update, so that it need not ask how far the engine is.
"""

from abc import ABC, abstractmethod

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.contracts.staff import StaffSubmission
    from domain.contracts.submissions import Submission
    from domain.contracts.views import Answer, Progress, Verdict
    from domain.contracts.vocabulary import Step, Waker
    from domain.contracts.vocabulary import WaitReason as Reason
    from workflows import steps
    from workflows.inbox import Inbox


class Answering(ABC):
    """Keeps the submission that is being handled, and answers it once."""

    step: Step
    reason: Reason | None

    def __init__(self) -> None:
        self.inbox = Inbox()
        self._current: Submission | None = None
        self._answers_when_settled = False
        self.version = 0

    @abstractmethod
    def snapshot(self) -> Progress:
        """Return what the student may see now."""

    def reply(self, verdict: Verdict) -> None:
        """Answer the current submission, if it has no answer yet."""
        if self._current:
            self.answer(self._current, verdict)
            self._current = None

    def accept(self) -> None:
        self.reply(Verdict.ACCEPTED)

    def accept_if_settled(self) -> None:
        """Accept the current submission, unless the engine works on for the student."""
        if not self._engine_works_on():
            self.accept()

    def _engine_works_on(self) -> bool:
        """Whether the student would have to ask again in a moment.

        Runs of before answered at the first step of the engine's work, and repeat that in a
        replay. One that was looked up by the update of `read_model` is newer: it needs no marker.
        """
        if self._current is None or isinstance(self._current, StaffSubmission):
            return False
        engine = steps.woken_by(self.step, self.reason) is Waker.ENGINE
        return engine and (self._answers_when_settled or workflow.patched("answered-when-settled"))

    def defer(self) -> None:
        """Leave the current submission unanswered; the caller answers it later."""
        self._current = None

    def answer(self, submission: Submission, verdict: Verdict) -> None:
        """Answer a submission; only the first answer to it counts."""
        if verdict is Verdict.OUT_OF_STEP and self.inbox.renewed_by(submission):
            verdict = Verdict.ACCEPTED
        self.inbox.answer(submission, Answer(verdict=verdict, progress=self.next_version()))

    def next_version(self) -> Progress:
        """Return what the student may see now, as an answer that is newer than those before."""
        self.version += 1
        return self.snapshot()
