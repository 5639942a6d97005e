"""The inbox of an activation: every submission enters here, by update or signal, and counts once.

Handlers only put in; the run is the only one that takes out.
"""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TypeAlias, TypeVar

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.contracts import Model
    from domain.contracts.staff_commands import StaffRequest, UnlockRequest
    from domain.contracts.submissions import JoinedNotice, Submission
    from domain.contracts.views import Answer

Kind = TypeVar("Kind", bound=Submission)
Given = TypeVar("Given", bound=Model)
Kinds: TypeAlias = tuple[type[Submission], ...]

TOO_MANY = "TOO_MANY_SUBMISSIONS"
"""The type of the failure that rejects an answer beyond the limit."""
_MOST = 200
"""Far more than a portal lets through; a flood beyond it is refused so that history stays small."""
_OF_OTHERS = (StaffRequest, JoinedNotice)
"""What no student sends for this activation, and no limit of theirs holds back."""


class Inbox:
    def __init__(self) -> None:
        self._waiting: deque[Submission] = deque()
        self._seen: set[str] = set()
        self._signalled: set[str] = set()
        self._answers: dict[str, Answer] = {}
        self._of_students = 0
        self._renewed: set[str] = set()

    def put(self, submission: Submission, *, signalled: bool = False) -> None:
        """Take in a submission unless it, or too many, came before; staff are always heard."""
        if submission.submission_id in self._seen or self.refuses(submission):
            return
        if isinstance(submission, UnlockRequest):
            self._renew(submission)
        self._of_students += not isinstance(submission, _OF_OTHERS)
        self._seen.add(submission.submission_id)
        if signalled:
            self._signalled.add(submission.submission_id)
        self._waiting.append(submission)

    def refuses(self, submission: Submission) -> bool:
        """Whether this one is beyond the limit, and did not come before."""
        if isinstance(submission, _OF_OTHERS) or submission.submission_id in self._seen:
            return False
        return self._full

    @property
    def _full(self) -> bool:
        return self._of_students >= _MOST

    def _renew(self, unlock: UnlockRequest) -> None:
        """Take as many answers anew."""
        if unlock.renews or self._full:
            self._renewed.add(unlock.submission_id)
        self._of_students = 0

    def renewed_by(self, submission: Submission) -> bool:
        """Whether answers are taken again because of this one."""
        return submission.submission_id in self._renewed

    def signalled(self, submission: Submission) -> bool:
        """Whether it came by signal first, which is for when no worker accepts an update."""
        return submission.submission_id in self._signalled

    def has(self, kinds: Kinds) -> bool:
        return any(isinstance(each, kinds) for each in self._waiting)

    def take(self, kinds: Kinds) -> Submission | None:
        """Take out the first waiting submission of these kinds, if there is one."""
        for each in self._waiting:
            if isinstance(each, kinds):
                self._waiting.remove(each)
                return each
        return None

    def take_all(self, kinds: tuple[type[Kind], ...]) -> list[Kind]:
        """Take out every waiting submission of these kinds, the newest last."""
        taken = [each for each in self._waiting if isinstance(each, kinds)]
        self._waiting = deque(each for each in self._waiting if not isinstance(each, kinds))
        return taken

    def answer(self, submission: Submission, answer: Answer) -> None:
        """Answer once; later answers to the same submission are not heard."""
        self._answers.setdefault(submission.submission_id, answer)

    async def accept(self, model: type[Submission], given: Sequence[object]) -> Answer:
        """Put in what an update brought and return the run's answer; raises as `one_payload`."""
        submission = one_payload(model, given)
        self.put(submission)
        return await self.answered(submission)

    def check(self, model: type[Submission], given: Sequence[object]) -> None:
        """Raise `ApplicationError` for what an update may not bring, or brings too often."""
        if self.refuses(one_payload(model, given)):
            raise _too_many()

    def accept_signal(self, model: type[Submission], given: Sequence[object]) -> None:
        """Put in what a signal brought; anything else is dropped."""
        with suppress(ApplicationError):
            submission = one_payload(model, given)
            if self.refuses(submission):
                workflow.logger.warning(
                    "an answer was dropped, for too many came: %s", model.__name__
                )
            self.put(submission, signalled=True)

    async def answered(self, submission: Submission) -> Answer:
        """Wait until the run has dealt with this submission."""
        name = submission.submission_id
        if name not in self._seen:
            raise _too_many()
        await workflow.wait_condition(lambda: name in self._answers)
        return self._answers[name]


def _too_many() -> ApplicationError:
    return ApplicationError("too many submissions", type=TOO_MANY)


def one_payload(model: type[Given], given: Sequence[object]) -> Given:
    """Return the one payload that was given as this model.

    Raises `ApplicationError` for any other payload, or any other number of payloads. Handlers take
    whatever comes and ask here: one with a parameter of its own would raise in the task, and fail
    every task of the run for ever, when it is called with none or with two.
    """
    try:
        (payload,) = given
        return model.model_validate(payload)
    except (ValidationError, ValueError):
        raise ApplicationError(f"not one {model.__name__}") from None
